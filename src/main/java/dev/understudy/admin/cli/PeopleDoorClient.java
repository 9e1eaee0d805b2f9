package dev.understudy.admin.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Asks the people's door of the running gateway, with the admin token of its data folder. Blocking; one request at a time.
 */
public final class PeopleDoorClient implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final int UNAUTHORIZED = 401;
    private static final int FIRST_BAD_STATUS = 400;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI door;
    private final Path tokenFile;
    private final HttpClient http;

    /** A client for the gateway of these settings. Nothing is read or connected yet. */
    public PeopleDoorClient(CliSettings settings) {
        this.door = settings.people();
        this.tokenFile = settings.data().resolve("admin-token");
        // HTTP/1.1: over clear text the default would offer an upgrade to HTTP/2 with every first request.
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .build();
    }

    /** The JSON answer to {@code GET}; {@code path} begins with a slash and may hold a query. */
    public JsonNode get(String path) throws CommandFailure {
        return json(send("GET", path, BodyPublishers.noBody()));
    }

    /** The answer to {@code GET} as it came, for formats other than JSON. */
    public String text(String path) throws CommandFailure {
        return send("GET", path, BodyPublishers.noBody());
    }

    /** The JSON answer to {@code POST} with a JSON body; a missing node when the answer is empty. */
    public JsonNode post(String path, JsonNode body) throws CommandFailure {
        return json(send("POST", path, BodyPublishers.ofString(body.toString())));
    }

    /** The answer to {@code POST} with a JSON body as it came, for formats other than JSON. */
    public String postText(String path, JsonNode body) throws CommandFailure {
        return send("POST", path, BodyPublishers.ofString(body.toString()));
    }

    /** The JSON answer to {@code PUT} with a JSON body; a missing node when the answer is empty. */
    public JsonNode put(String path, JsonNode body) throws CommandFailure {
        return json(send("PUT", path, BodyPublishers.ofString(body.toString())));
    }

    /** The JSON answer to {@code DELETE}; a missing node when the answer is empty. */
    public JsonNode delete(String path) throws CommandFailure {
        return json(send("DELETE", path, BodyPublishers.noBody()));
    }

    /** Whether a gateway of this data folder listens, as far as a connection can tell. */
    public boolean isThere() {
        if (!Files.isReadable(tokenFile)) {
            return false;
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(door.getHost(), door.getPort()), (int) CONNECT.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The link that opens the web UI, with its token. */
    public String pageLink() throws CommandFailure {
        return door + "/#token=" + token();
    }

    @Override
    public void close() {
        http.close();
    }

    private String send(String method, String path, BodyPublisher body) throws CommandFailure {
        HttpRequest request = HttpRequest.newBuilder(URI.create(door + path))
                .timeout(ANSWER)
                .header("Authorization", "Bearer " + token())
                .header("Content-Type", "application/json")
                .method(method, body)
                .build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() >= FIRST_BAD_STATUS) {
                throw new CommandFailure(refusal(response));
            }
            return response.body();
        } catch (IOException e) {
            throw new CommandFailure("no gateway answers at %s: start it with ./understudy run".formatted(door));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted while waiting for " + door);
        }
    }

    private String token() throws CommandFailure {
        try {
            return Files.readString(tokenFile).strip();
        } catch (NoSuchFileException e) {
            throw new CommandFailure(
                    "there is no %s: start the gateway once with ./understudy run, or set UNDERSTUDY_DATA to its data folder"
                            .formatted(tokenFile));
        } catch (IOException e) {
            throw new CommandFailure("cannot read %s: %s".formatted(tokenFile, e));
        }
    }

    private String refusal(HttpResponse<String> response) {
        if (response.statusCode() == UNAUTHORIZED) {
            return "the gateway at %s does not know the token in %s: is it run with another data folder?"
                    .formatted(door, tokenFile);
        }
        String said = "";
        try {
            said = JSON.readTree(response.body()).at("/error/message").asText();
        } catch (JsonProcessingException e) {
            // Not our error shape, so some other program listens there: the status is all there is to say.
        }
        return said.isEmpty() ? "%s answered %d".formatted(door, response.statusCode()) : said;
    }

    private JsonNode json(String body) throws CommandFailure {
        if (body.isBlank()) {
            return MissingNode.getInstance();
        }
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new CommandFailure("the answer of %s is no JSON: is it an Understudy gateway?".formatted(door));
        }
    }
}
