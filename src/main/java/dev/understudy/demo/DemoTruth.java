package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** What a perfect model answers to one generated message. */
public sealed interface DemoTruth {

    /** The errand that the message is about. */
    DemoErrand errand();

    /** Exactly one tool call. {@code arguments} holds strings copied from the message, and integers. */
    record Call(DemoErrand errand, String name, ObjectNode arguments) implements DemoTruth {}

    /** A tool loop: this call first; once its {@code result} is among the messages, this {@code answer}. */
    record Loop(DemoErrand errand, String name, ObjectNode arguments, ObjectNode result, String answer)
            implements DemoTruth {}

    /** A JSON object as the content of the answer. */
    record Json(DemoErrand errand, ObjectNode content) implements DemoTruth {}

    /** A text as the content of the answer. */
    record Text(DemoErrand errand, String content) implements DemoTruth {}
}
