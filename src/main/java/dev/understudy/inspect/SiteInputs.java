package dev.understudy.inspect;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.understudy.call.Call;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * What decides a call's bucket, exactly.
 *
 * @param api {@code chat} or {@code responses}
 * @param family the requested model without what changes between releases; {@link #ANY_FAMILY} in the bucket of sites
 *     that come with an adapter, which know an errand whatever model is asked
 * @param tools names, sorted
 * @param format {@code text}, {@code json_object}, or the hash of the schema
 * @param choice {@code none}, {@code auto}, {@code required}, {@code other} or {@code named:<tool>}
 */
public record SiteInputs(String api, String family, List<String> tools, String format, String choice) {
    /** Stands for every family. */
    public static final String ANY_FAMILY = "*";

    private static final Pattern RELEASE =
            Pattern.compile("[-:._@](?:\\d{4}-\\d{2}-\\d{2}|\\d{8}|\\d{4}|\\d{2}-\\d{2}|latest|preview)$");

    public SiteInputs {
        tools = List.copyOf(tools);
    }

    /** The inputs of a call. */
    public static SiteInputs of(Call call) {
        List<String> names = new ArrayList<>(call.tools().size());
        for (Tool tool : call.tools()) {
            names.add(tool.name());
        }
        Collections.sort(names);
        ResponseFormat format = call.responseFormat();
        String choice = call.toolChoice() instanceof ToolChoice.Named named
                ? "named:" + named.tool()
                : call.toolChoice().wire();
        return new SiteInputs(
                call.api().wire(),
                family(call.model()),
                names,
                format.schemaHash().isEmpty() ? format.type().wire() : format.schemaHash(),
                choice);
    }

    /** Roughly what it takes in memory. */
    int bytes() {
        int characters = family.length() + format.length() + choice.length();
        for (String tool : tools) {
            characters += tool.length() + 24;
        }
        return 2 * characters + 128;
    }

    /** The same inputs whatever the model. */
    public SiteInputs anyFamily() {
        return new SiteInputs(api, ANY_FAMILY, tools, format, choice);
    }

    /** A model's name, lower case, without a trailing date, {@code latest} or {@code preview}. */
    static String family(String model) {
        String family = model.toLowerCase(Locale.ROOT);
        while (endsLikeARelease(family)) {
            Matcher tail = RELEASE.matcher(family);
            if (!tail.find() || tail.start() == 0) {
                return family;
            }
            family = family.substring(0, tail.start());
        }
        return family;
    }

    private static boolean endsLikeARelease(String name) {
        char last = name.isEmpty() ? ' ' : name.charAt(name.length() - 1);
        return (last >= '0' && last <= '9') || name.endsWith("latest") || name.endsWith("preview");
    }
}
