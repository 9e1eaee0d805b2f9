package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import dev.understudy.model.AnswerSink;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's whole JSON answer of the Responses API, checked: it is a response and not an error under 200. Its bytes
 * go on as they are.
 *
 * @param finish the response's status, or null
 * @param usage reported; {@link TokenCount#NONE} when none came or it cannot be true
 * @param characters of its items, to estimate by where no usage is reported
 */
public record ResponseDocument(@Nullable String finish, TokenCount usage, int characters) {
    /**
     * Reads an answer.
     *
     * @param keeper told of what it shows that its upstream keeps
     * @throws ApiFailure {@code upstream_malformed_response} when it is not JSON, an error, or no response
     */
    public static ResponseDocument read(Buffer body, AnswerSink keeper) throws ApiFailure {
        byte[] bytes = body.getBytes();
        ResponseObject response = new ResponseObject();
        try (JsonParser parser = UpstreamJson.open(bytes, 0, bytes.length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw UpstreamJson.malformed("sent an answer that is not a JSON object");
            }
            response.read(parser, 0);
            if (parser.nextToken() != null) {
                throw UpstreamJson.malformed("sent more than one JSON document");
            }
        } catch (IOException e) {
            throw UpstreamJson.malformed("sent an answer that is not JSON");
        }
        if (!response.isResponse()) {
            throw UpstreamJson.malformed(
                    response.hasError()
                            ? "answered with an error under a status of success"
                            : "sent an answer that is no response");
        }
        for (ResponseObject.Kept kept : response.kept()) {
            keeper.shows(kept.kind(), kept.id());
        }
        return new ResponseDocument(response.status(), response.usage(), response.characters());
    }
}
