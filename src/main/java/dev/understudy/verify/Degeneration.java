package dev.understudy.verify;

import dev.understudy.call.Call;
import dev.understudy.model.Reply;
import java.util.List;
import java.util.Locale;

/** What a small model writes when it has lost its thread: the same over and over, a refusal, marks of its template. */
final class Degeneration {
    private static final int REFUSAL_BEGINNING = 240;

    /** Openings of answers that decline. In lower case; told by the words alone, so a few are taken for one. */
    private static final List<String> REFUSALS = List.of(
            "as an ai",
            "as a language model",
            "as a large language model",
            "i can't assist",
            "i cannot assist",
            "i can't help with",
            "i cannot help with",
            "i can't provide",
            "i cannot provide",
            "i can't fulfill",
            "i cannot fulfill",
            "i can't comply",
            "i cannot comply",
            "i'm unable to",
            "i am unable to",
            "i'm not able to",
            "i am not able to",
            "i won't be able to",
            "i'm sorry, but i can",
            "i am sorry, but i can",
            "i apologize, but i can",
            "i'm programmed to",
            "i must decline",
            "es tut mir leid, aber ich kann",
            "je suis désolé, mais je ne peux",
            "lo siento, pero no puedo");

    private Degeneration() {}

    static Finding look(Call call, Reply reply) {
        String content = reply.content();
        Finding finding = content == null ? Finding.PASS : lookAt(content, call);
        for (int i = 0; i < reply.calls().size() && !finding.isFailure(); i++) {
            String arguments = reply.calls().get(i).arguments();
            finding = lookAt(arguments.contains("\\u00") ? FoldedText.unescape(arguments) : arguments, call);
        }
        return finding;
    }

    /** A text, or the beginning of one. */
    static Finding lookAt(String text, Call call) {
        if (Markup.holdsTemplateMark(text)) {
            return Finding.fail("template mark");
        }
        if (Markup.holdsForeignMask(text, call)) {
            return Finding.fail("redaction mark");
        }
        if (refuses(text)) {
            return Finding.fail("refusal");
        }
        return Repetition.isIn(text) ? Finding.fail("loop") : Finding.PASS;
    }

    private static boolean refuses(String text) {
        String beginning = text.substring(0, Math.min(text.length(), REFUSAL_BEGINNING))
                .toLowerCase(Locale.ROOT)
                .replace('\u2019', '\'');
        for (int i = 0; i < REFUSALS.size(); i++) {
            if (beginning.contains(REFUSALS.get(i))) {
                return true;
            }
        }
        return false;
    }
}
