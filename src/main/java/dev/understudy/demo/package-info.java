/**
 * The demo: an inbox full of errands, generated, with the truth of each message known.
 *
 * <p>Start at {@link dev.understudy.demo.DemoMessages}, which hands out {@link dev.understudy.demo.DemoCall}s: a request as an agent
 * would send it, and its {@link dev.understudy.demo.DemoTruth}. What may be said lies in two resource files, sentence patterns and real
 * values; a {@link dev.understudy.demo.Split} keeps part of both away from training. The truth can be read back from a message alone,
 * which is how a scripted upstream knows what to answer.
 */
@NullMarked
package dev.understudy.demo;

import org.jspecify.annotations.NullMarked;
