package dev.understudy.learn;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * How held-out rows were answered.
 *
 * @param rows asked
 * @param named of them, with the right tools called, whatever the arguments; a text that is right counts too
 * @param right of them, with every argument right as well, or the very text
 * @param unparsed of them, whose answer could not be read
 */
public record Score(int rows, int named, int right, int unparsed) {

    private static final double PERCENT = 100.0;

    /** Wholly right answers, in percent of the rows. */
    public double percentRight() {
        return rows == 0 ? 0 : PERCENT * right / rows;
    }

    /** Right tools, in percent of the rows. */
    public double percentNamed() {
        return rows == 0 ? 0 : PERCENT * named / rows;
    }

    ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("rows", rows)
                .put("named", named)
                .put("right", right)
                .put("unparsed", unparsed);
    }
}
