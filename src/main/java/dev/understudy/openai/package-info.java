/**
 * The wire: OpenAI's shapes, read and written. Bytes enter; records of {@code call} and frames of {@code model} leave.
 *
 * <p>In the order of a call: {@link dev.understudy.openai.BodyCoding} unpacks a body, {@link
 * dev.understudy.openai.CallReader} reads a request once, {@link
 * dev.understudy.openai.Splice} edits a copy of it for the upstream, {@link dev.understudy.openai.EventScanner} and {@link
 * dev.understudy.openai.ChatEvents} put an upstream's stream right, {@link dev.understudy.openai.ChatDocument} checks its
 * JSON answer; {@link dev.understudy.openai.ResponsesEvents} and {@link dev.understudy.openai.ResponseDocument} do so for
 * the Responses API; {@link dev.understudy.openai.ChatWriter} writes the small model's, {@link
 * dev.understudy.openai.AnswerReader} reads either back. Whatever a caller can be told is a row of {@link
 * dev.understudy.openai.ApiError}. Nothing here knows a socket, and what is not understood passes unchanged.
 */
@NullMarked
package dev.understudy.openai;

import org.jspecify.annotations.NullMarked;
