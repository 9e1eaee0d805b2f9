/**
 * Models behind an OpenAI-compatible base URL.
 *
 * <p>{@link dev.understudy.upstream.UpstreamModels} makes an {@link dev.understudy.upstream.UpstreamModel} of a card;
 * each question becomes an {@code UpstreamAsk}, confined to the asker's event loop: the original bytes go out with at
 * most two splices, a JSON answer comes back whole, a stream as frames put right on the way. {@code HeaderRules} says
 * which headers pass in either direction. A credential is written into one header and nowhere else.
 */
@NullMarked
package dev.understudy.upstream;

import org.jspecify.annotations.NullMarked;
