package dev.understudy.verify;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import com.networknt.schema.regex.RegularExpression;
import com.networknt.schema.regex.RegularExpressionFactory;

/**
 * Compiles the {@code pattern}s of callers' schemas for an engine that needs linear time, since a caller writes the
 * pattern and the answer is checked on an event loop. What that engine cannot express makes the schema unusable.
 */
final class LinearPatterns implements RegularExpressionFactory {
    @Override
    public RegularExpression getRegularExpression(String pattern) {
        try {
            Pattern compiled = Pattern.compile(pattern);
            return value -> compiled.matcher(value).find();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("pattern is beyond linear time", e);
        }
    }
}
