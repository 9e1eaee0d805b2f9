/**
 * What a model is, to those who ask one: the port {@link dev.understudy.model.Model} and the {@link
 * dev.understudy.model.Catalogue} of cards behind it.
 *
 * <p>A {@link dev.understudy.model.ModelCard} is what ops wrote in a file; a {@link dev.understudy.model.ModelFactory}
 * makes a live {@code Model} of it. An {@link dev.understudy.model.Ask} goes in; frames, then exactly one end or
 * failure, come out at an {@link dev.understudy.model.AnswerSink}, always on the asker's event loop. Small and large
 * models look the same from here, which is the point.
 */
@NullMarked
package dev.understudy.model;

import org.jspecify.annotations.NullMarked;
