package dev.understudy.call;

import java.util.List;

/**
 * What a rule may ask about an answer.
 *
 * @param finish finish reason; empty when there was none
 * @param text content; empty when there was none
 * @param tools names of the tools called, in order
 * @param tokens written
 * @param millis from the question to the end of the answer
 */
public record AnswerFacts(String finish, String text, List<String> tools, int tokens, long millis) {
    public AnswerFacts {
        tools = List.copyOf(tools);
    }
}
