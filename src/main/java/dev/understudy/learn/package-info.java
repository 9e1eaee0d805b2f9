/**
 * How the small model learns an errand. Rows become an adapter, and the adapter is judged before anybody may use it.
 *
 * <p>Start at {@link dev.understudy.learn.TrainingJob}: {@link dev.understudy.learn.TrainingRows} are rendered by the engine that will
 * serve ({@link dev.understudy.learn.RowRenderer}), a child process trains ({@link dev.understudy.learn.Trainer}), and
 * {@link dev.understudy.learn.HeldOutExam} asks the engine with and without the adapter. What leaves is a folder with the adapter and its
 * manifest. Surprising: the trainer never sees a chat template; text and token ids both come from the engine.
 */
@NullMarked
package dev.understudy.learn;

import org.jspecify.annotations.NullMarked;
