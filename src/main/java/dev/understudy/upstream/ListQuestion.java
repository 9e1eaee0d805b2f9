package dev.understudy.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Secret;
import dev.understudy.model.ListedModel;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The question which models an upstream has, on its way and back. Confined to one event loop. */
final class ListQuestion {
    private static final long PATIENCE_MILLIS = 5_000;
    /** Ten times the longest list known. */
    private static final int MOST_BYTES = 4 << 20;

    private static final int MOST_MODELS = 10_000;
    /** As long as a request may name one. */
    private static final int NAME_BYTES = 512;

    private static final int OK = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Vertx vertx;
    private final CompletableFuture<List<ListedModel>> answer = new CompletableFuture<>();
    private final Buffer body = Buffer.buffer();
    private final long timer;
    private @Nullable HttpClientRequest request;

    ListQuestion(Vertx vertx) {
        this.vertx = vertx;
        this.timer = vertx.setTimer(PATIENCE_MILLIS, fired -> fail("was too slow"));
    }

    CompletableFuture<List<ListedModel>> answer() {
        return answer;
    }

    /** Sends it over that connection; nothing happens when it is late. */
    void send(HttpClientRequest connected, @Nullable Secret credential) {
        request = connected;
        if (answer.isDone()) {
            connected.reset();
            return;
        }
        connected.putHeader(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
        if (credential != null) {
            connected.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + credential.reveal());
        }
        connected.send().onSuccess(this::head).onFailure(cause -> fail("closed the connection"));
    }

    void fail(String what) {
        if (answer.isDone()) {
            return;
        }
        vertx.cancelTimer(timer);
        if (request != null) {
            request.reset();
        }
        answer.completeExceptionally(new IOException("the upstream " + what));
    }

    private void head(HttpClientResponse response) {
        if (answer.isDone()) {
            return;
        }
        // Without one the library logs a reset that we ask for ourselves.
        response.exceptionHandler(cause -> fail("closed the connection"));
        if (response.statusCode() != OK) {
            fail("answered with status " + response.statusCode());
            return;
        }
        response.handler(chunk -> {
            if (answer.isDone()) {
                return;
            }
            body.appendBuffer(chunk);
            if (body.length() > MOST_BYTES) {
                fail("sent too much");
            }
        });
        response.endHandler(end -> whole());
    }

    private void whole() {
        if (answer.isDone()) {
            return;
        }
        try {
            List<ListedModel> models = read(body.getBytes());
            vertx.cancelTimer(timer);
            answer.complete(models);
        } catch (IOException e) {
            fail("sent no list");
        }
    }

    /** Reads OpenAI's list. What stands in it and is no model is left out. */
    private static List<ListedModel> read(byte[] json) throws IOException {
        JsonNode data = JSON.readTree(json).path("data");
        if (!data.isArray()) {
            throw new IOException("no data");
        }
        List<ListedModel> models = new ArrayList<>(data.size());
        for (JsonNode model : data) {
            String id = model.path("id").textValue();
            if (id != null && !id.isEmpty() && id.getBytes(StandardCharsets.UTF_8).length <= NAME_BYTES) {
                models.add(new ListedModel(id, Buffer.buffer(JSON.writeValueAsBytes(model))));
            }
            if (models.size() == MOST_MODELS) {
                break;
            }
        }
        return models;
    }
}
