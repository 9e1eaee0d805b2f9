/**
 * Finds in text what must not be kept, and masks it. {@link dev.understudy.detect.SecretMask} works on text, {@link
 * dev.understudy.detect.JsonMask} on the strings of a JSON document, which stays valid.
 *
 * <p>Text or JSON enters; the same with {@code <SECRET>} in the place of each credential leaves, and how many there were.
 * All patterns are RE2/J's, so no text can make a search slow. The surprise: masking is repeated until nothing is found,
 * since taking one secret out can bring the beginning of the next to light; so masking twice is masking once.
 */
@NullMarked
package dev.understudy.detect;

import org.jspecify.annotations.NullMarked;
