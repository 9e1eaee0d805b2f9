package dev.understudy.slm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Chat templates that come in the jar and override a GGUF's own. */
public final class ChatTemplates {
    private ChatTemplates() {}

    /**
     * The template's source, as training rows must be rendered too.
     *
     * @param name {@code chatml-tools}
     * @throws SlmException with {@code INVALID} if there is none of that name
     */
    public static String source(String name) {
        if (!name.matches("[a-z0-9-]{1,64}")) {
            throw unknown(name);
        }
        try (InputStream in = ChatTemplates.class.getResourceAsStream("/slm/" + name + ".jinja")) {
            if (in == null) {
                throw unknown(name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("a template of the jar cannot be read", e);
        }
    }

    private static SlmException unknown(String name) {
        return new SlmException(
                SlmException.Code.INVALID,
                "there is no chat template " + name + ": chatml-tools is the one that comes with it");
    }
}
