package dev.understudy.policy;

import dev.understudy.call.Secret;
import dev.understudy.model.ModelCard;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the secrets that files name. */
final class Secrets {
    private Secrets() {}

    /** Adds a problem for each secret that is not set and that its file does not allow to be missing. */
    static void check(List<Document> documents, Surroundings surroundings, List<Problem> problems) {
        for (Outline.Item model : Outline.items(documents, Document.Kind.MODELS, "models")) {
            if (Tree.at(model.fields(), List.of("upstream", "apiKey")) instanceof Tree.Fields secret) {
                String otherwise = secret.text("else");
                boolean required = otherwise == null || otherwise.equals("error");
                if (required
                        && credential(secret.text("env"), secret.text("file"), otherwise, surroundings)
                                instanceof ModelCard.Credential.Missing missing) {
                    problems.add(secret.place()
                            .problem(
                                    Problem.Code.VALUE_UNSET,
                                    "the secret " + Nearest.shown(missing.missing()) + " is not set",
                                    "set it, or say else: forward or else: unavailable"));
                }
            }
        }
    }

    /** What is shown to an upstream whose secret is written like that. */
    static ModelCard.Credential credential(
            @Nullable String env, @Nullable String file, @Nullable String otherwise, Surroundings surroundings) {
        if (file != null) {
            return surroundings
                    .secretFile(file)
                    .<ModelCard.Credential>map(ModelCard.Credential.Ours::new)
                    .orElseGet(() -> new ModelCard.Credential.Missing(file));
        }
        String name = env == null ? "" : env;
        return surroundings
                .variable(name)
                .<ModelCard.Credential>map(value -> new ModelCard.Credential.Ours(new Secret(value.strip())))
                .orElseGet(() -> "forward".equals(otherwise)
                        ? new ModelCard.Credential.Forward()
                        : new ModelCard.Credential.Missing(name));
    }
}
