package dev.understudy.demo;

import java.util.List;

/** One answer in the shapes of one of the APIs: a document, or the events of a stream. */
interface AnswerText {
    /** The answer as one JSON document. */
    String document();

    /**
     * The answer as events in order; each is whole, with its blank line.
     *
     * @param withUsage whether a chat stream tells usage
     */
    List<String> events(boolean withUsage);

    ScriptedAnswer answer();

    /** Tokens of the request by the scripted upstream's own measure. */
    int promptTokens();
}
