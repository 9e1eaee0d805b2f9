package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.InstantSource;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A stand-in for a provider of a large model, which says so in every answer: model {@code scripted}, header
 * {@code x-scripted-upstream}. It knows the true answer to every message of the demo. Serves {@code POST /v1/chat/completions},
 * {@code POST /v1/responses} with {@code GET} and {@code DELETE /v1/responses/{id}}, {@code POST /v1/embeddings}, files
 * ({@code POST} and {@code GET /v1/files}, {@code GET} and {@code DELETE /v1/files/{id}}, {@code GET
 * /v1/files/{id}/content}), {@code GET /v1/models} and its own counters as {@code GET /stats}; credentials are neither wanted nor looked at.
 *
 * <p>One event loop does everything, so nothing here is locked.
 */
public final class ScriptedUpstream {

    /** Where the starter policies expect it. */
    public static final int PORT = 8089;

    static final String HEADER = "x-scripted-upstream";

    private static final String HOST = "127.0.0.1";
    private static final String CHAT = "/v1/chat/completions";
    private static final String RESPONSES = "/v1/responses";
    private static final String FILES = "/v1/files";
    private static final String CONTENT = "/content";
    private static final int BODY_LIMIT = 64 * 1024 * 1024;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Vertx vertx;
    private final Script script;
    private final ScriptedPace pace;
    private final InstantSource clock;
    private final UpstreamCounts counts = new UpstreamCounts();
    private final ResponseBook responses = new ResponseBook();
    private final FileBook files;
    private final HttpServer server;
    private long calls;

    private ScriptedUpstream(Vertx vertx, long seed, ScriptedPace pace, InstantSource clock) {
        this.vertx = vertx;
        this.script = new Script(seed);
        this.pace = pace;
        this.clock = clock;
        this.files = new FileBook(clock);
        this.server = vertx.createHttpServer(
                new HttpServerOptions().setIdleTimeout(0).setHandle100ContinueAutomatically(true));
    }

    /**
     * Starts one on loopback. The future fails with the reason when it cannot listen.
     *
     * @param port 0 for any free one
     * @param seed of its few deliberate slips
     */
    public static Future<ScriptedUpstream> start(
            Vertx vertx, int port, long seed, ScriptedPace pace, InstantSource clock) {
        var upstream = new ScriptedUpstream(vertx, seed, pace, clock);
        return upstream.server
                .connectionHandler(connection -> {
                    upstream.counts.connected();
                    connection.closeHandler(closed -> upstream.counts.disconnected());
                })
                .requestHandler(upstream::handle)
                .listen(port, HOST)
                .map(listening -> upstream);
    }

    /** The port it listens on. */
    public int port() {
        return server.actualPort();
    }

    /** Stops listening and cuts what is open. */
    public Future<Void> stop() {
        return server.close();
    }

    private void handle(HttpServerRequest request) {
        request.response().putHeader(HEADER, "understudy demo; no model answers here");
        String way = request.method() + " " + request.path();
        switch (way) {
            case "POST " + CHAT -> read(request, this::chat);
            case "POST " + RESPONSES -> read(request, this::response);
            case "POST /v1/embeddings" -> read(request, this::embeddings);
            case "POST " + FILES -> files.take(request, file -> told(request, file, "the form has no file"));
            case "GET " + FILES -> json(request, 200, files.list());
            case "GET /stats" -> json(request, 200, counts.json());
            case "GET /v1/models" -> json(request, 200, models());
            default -> other(request, way);
        }
    }

    private void other(HttpServerRequest request, String way) {
        if (request.path() != null && request.path().startsWith(FILES + "/")) {
            file(request, request.path().substring(FILES.length() + 1));
            return;
        }
        String get = "GET " + RESPONSES + "/";
        String delete = "DELETE " + RESPONSES + "/";
        String id = way.substring(way.lastIndexOf('/') + 1);
        String document = way.equals(get + id) ? responses.document(id) : null;
        if (document != null) {
            request.response().putHeader("content-type", "application/json").end(document);
        } else if (way.equals(delete + id) && responses.forget(id)) {
            json(
                    request,
                    200,
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("id", id)
                            .put("object", "response")
                            .put("deleted", true));
        } else {
            refuse(request, 404, "unknown_url", "the scripted upstream has no " + way);
        }
    }

    private void file(HttpServerRequest request, String rest) {
        String id = rest.endsWith(CONTENT) ? rest.substring(0, rest.length() - CONTENT.length()) : rest;
        Buffer content = files.content(id);
        if (content == null) {
            refuse(request, 404, "not_found", "there is no such file");
        } else if (rest.endsWith(CONTENT)) {
            request.response()
                    .putHeader("content-type", "application/octet-stream")
                    .end(content);
        } else if (request.method().equals(HttpMethod.DELETE)) {
            files.forget(id);
            json(
                    request,
                    200,
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("id", id)
                            .put("object", "file")
                            .put("deleted", true));
        } else {
            told(request, files.find(id), "there is no such file");
        }
    }

    private void embeddings(HttpServerRequest request, Buffer body) {
        JsonNode asked = parsed(request, body);
        if (asked != null) {
            told(request, EmbeddingText.answer(asked), "input must be a text or a list that is not empty");
        }
    }

    private void told(HttpServerRequest request, @Nullable ObjectNode answer, String otherwise) {
        if (answer == null) {
            counts.refused();
            refuse(request, 400, "missing_required_parameter", otherwise);
        } else {
            json(request, 200, answer);
        }
    }

    private void read(HttpServerRequest request, BiConsumer<HttpServerRequest, Buffer> then) {
        Buffer body = Buffer.buffer();
        request.handler(part -> {
            if (body.length() + part.length() > BODY_LIMIT) {
                request.connection().close();
            } else {
                body.appendBuffer(part);
            }
        });
        request.endHandler(end -> then.accept(request, body));
    }

    private void chat(HttpServerRequest request, Buffer body) {
        JsonNode asked = parsed(request, body);
        if (asked == null) {
            return;
        }
        if (!asked.path("messages").isArray() || asked.path("messages").isEmpty()) {
            counts.refused();
            refuse(request, 400, "missing_required_parameter", "messages must be a list that is not empty");
            return;
        }
        ScriptedAnswer answer = script.answer(asked);
        calls++;
        var text = new CompletionText(
                "chatcmpl-scripted-" + calls,
                clock.instant().getEpochSecond(),
                answer,
                ScriptedAnswer.tokens(body.length()));
        new ScriptedReply(vertx, request.response(), text, pace, counts).begin(asked);
    }

    private void response(HttpServerRequest request, Buffer body) {
        JsonNode asked = parsed(request, body);
        if (asked == null) {
            return;
        }
        if (responses.isLost(asked)) {
            counts.refused();
            refuse(request, 400, "previous_response_not_found", "there is no response of that id");
            return;
        }
        ObjectNode chat = responses.asChat(asked);
        if (chat.path("messages").isEmpty()) {
            counts.refused();
            refuse(request, 400, "missing_required_parameter", "input must be a text or a list that is not empty");
            return;
        }
        calls++;
        var text = new ResponseText(
                "resp_scripted" + calls,
                clock.instant().getEpochSecond(),
                asked,
                script.answer(chat),
                ScriptedAnswer.tokens(body.length()));
        responses.keep(asked, chat, text);
        new ScriptedReply(vertx, request.response(), text, pace, counts).begin(asked);
    }

    /** The body as JSON; null when it is none, which is then told. */
    private @Nullable JsonNode parsed(HttpServerRequest request, Buffer body) {
        try {
            return JSON.readTree(body.getBytes());
        } catch (IOException e) {
            counts.refused();
            refuse(request, 400, "invalid_json", "the body is no JSON");
            return null;
        }
    }

    private static ObjectNode models() {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        list.putArray("data")
                .addObject()
                .put("id", CompletionText.MODEL)
                .put("object", "model")
                .put("created", 0)
                .put("owned_by", "understudy-demo");
        return list;
    }

    private static void refuse(HttpServerRequest request, int status, String code, String message) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error")
                .put("message", message)
                .put("type", "invalid_request_error")
                .putNull("param")
                .put("code", code);
        json(request, status, body);
    }

    private static void json(HttpServerRequest request, int status, ObjectNode body) {
        request.response()
                .setStatusCode(status)
                .putHeader("content-type", "application/json")
                .end(body.toString());
    }
}
