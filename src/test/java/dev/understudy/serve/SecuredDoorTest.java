package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.OwnCertificate;
import dev.understudy.testing.ScriptedPeer;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The door with TLS: both versions of HTTP behave alike, and HTTP/2 is bounded. */
class SecuredDoorTest {
    private static OwnCertificate certificate;

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeAll
    static void sign(@TempDir Path folder) throws IOException, InterruptedException {
        certificate = new OwnCertificate(folder);
    }

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {
            if (talk.text().contains("\"stream\":true")) {
                talk.stream().content("well").finish();
            } else {
                talk.json(200, Chunks.document("well", 1, 1));
            }
        });
        fixture = new DoorFixture(vertx, new Listening(DoorFixture.ANYWHERE, certificate, Duration.ofMillis(300)))
                .upstream("llm", peer.baseUrl())
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aClientMayChooseEitherVersion() throws Exception {
        for (HttpClient.Version version : HttpClient.Version.values()) {
            try (HttpClient client = client(version)) {
                HttpResponse<String> answer = client.send(post(DoorFixture.CALL), HttpResponse.BodyHandlers.ofString());
                assertThat(answer.version()).isEqualTo(version);
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.body()).contains("well");
                HttpResponse<String> stream =
                        client.send(post(DoorFixture.STREAM), HttpResponse.BodyHandlers.ofString());
                assertThat(stream.body()).endsWith("data: [DONE]\n\n");
            }
        }
    }

    @Test
    void anErrorBeforeTheBodyIsReadLeavesTheConnectionToOthers() throws Exception {
        try (HttpClient client = client(HttpClient.Version.HTTP_2)) {
            HttpRequest misplaced = request("/chat/completions", DoorFixture.CALL);
            HttpResponse<String> answer = client.send(misplaced, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(answer.body()).contains("https://localhost:" + fixture.port() + "/v1");
            assertThat(client.send(post(DoorFixture.CALL), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void aStreamThatItsClientResetsEndsTheUpstreamCall() {
        peer.script(talk -> talk.stream().content("on and on"));
        HttpClientRequest request = begin(client());
        Blocking.get(request.send(Buffer.buffer(DoorFixture.STREAM)));
        await().until(() -> peer.open() == 1);
        request.reset();
        await().atMost(Duration.ofSeconds(1)).until(() -> peer.open() == 0);
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
    }

    @Test
    void aConnectionThatItsClientClosesEndsAllOfItsCalls() {
        peer.script(talk -> {});
        io.vertx.core.http.HttpClient client = client();
        HttpClientRequest last = begin(client);
        HttpConnection connection = last.connection();
        last.send(Buffer.buffer(DoorFixture.CALL));
        begin(client).send(Buffer.buffer(DoorFixture.CALL));
        begin(client).send(Buffer.buffer(DoorFixture.CALL));
        await().until(() -> peer.talks().size() == 3);
        connection.close();
        await().atMost(Duration.ofSeconds(1)).until(() -> peer.open() == 0 && fixture.recorded.size() == 3);
        assertThat(fixture.recorded).allMatch(interaction -> interaction.outcome() == Interaction.Outcome.CLIENT_GONE);
    }

    @Test
    void streamsAreBoundedAndAFloodOfResetsClosesTheConnection() {
        peer.script(talk -> {});
        io.vertx.core.http.HttpClient client = client();
        HttpClientRequest first = begin(client);
        HttpConnection connection = first.connection();
        await().until(() -> connection.remoteSettings().getMaxConcurrentStreams() == 100);
        AtomicBoolean closed = new AtomicBoolean();
        connection.closeHandler(ended -> closed.set(true));
        connection.exceptionHandler(cause -> {});
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            if (!closed.get()) {
                HttpClientRequest request = begin(client);
                request.sendHead().onComplete(sent -> request.reset());
            }
            return closed.get();
        });
        assertThat(peer.talks()).isEmpty();
        assertThat(Blocking.get(begin(client()).send(Buffer.buffer("{"))).statusCode())
                .isEqualTo(400);
        await().until(() -> fixture.door.inFlight() == 0);
    }

    @Test
    @SuppressWarnings("JdkObsolete") // written by one thread, read by another
    void aDoorThatClosesBreaksOffItsStreams() {
        peer.script(talk -> talk.stream().content("on and on"));
        HttpClientRequest request = begin(client());
        StringBuffer text = new StringBuffer();
        Blocking.get(request.send(Buffer.buffer(DoorFixture.STREAM))
                .map(answer -> answer.handler(chunk -> text.append(chunk.toString()))));
        fixture.close();
        await().until(() -> text.toString().endsWith("\"code\":\"server_is_overloaded\"}}\n\n"));
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.FAILED);
    }

    @Test
    void aRenewedCertificateIsShownToWhoConnectsNext(@TempDir Path folder) throws Exception {
        OwnCertificate renewed = new OwnCertificate(folder);
        try (HttpClient before = client(HttpClient.Version.HTTP_2)) {
            assertThat(before.send(post(DoorFixture.CALL), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            fixture.door.renew(renewed);
            await().ignoreExceptions().until(() -> {
                try (HttpClient after =
                        HttpClient.newBuilder().sslContext(renewed.trusting()).build()) {
                    return after.send(post(DoorFixture.CALL), HttpResponse.BodyHandlers.ofString())
                                    .version()
                            == HttpClient.Version.HTTP_2;
                }
            });
            // who was there before goes on
            assertThat(before.send(post(DoorFixture.CALL), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void withoutTlsAnUpgradeToHttp2IsNotHeardAndTheBodyIsRead() throws Exception {
        try (DoorFixture plain =
                        new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + plain.port() + "/v1/chat/completions"))
                    .version(HttpClient.Version.HTTP_2)
                    .header("content-type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(DoorFixture.CALL))
                    .build();
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("well");
            assertThat(peer.talks().getFirst().text()).isEqualTo(DoorFixture.CALL);
        }
    }

    private static HttpClient client(HttpClient.Version version) throws GeneralSecurityException, IOException {
        return HttpClient.newBuilder()
                .version(version)
                .sslContext(certificate.trusting())
                .build();
    }

    private HttpRequest post(String json) {
        return request("/v1/chat/completions", json);
    }

    private HttpRequest request(String path, String json) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + fixture.port() + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
    }

    /** One that keeps to one connection. */
    private io.vertx.core.http.HttpClient client() {
        HttpClientOptions options = new HttpClientOptions()
                .setSsl(true)
                .setUseAlpn(true)
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setTrustOptions(certificate.getTrustStoreOptions());
        return vertx.createHttpClient(options, new PoolOptions().setHttp2MaxSize(1));
    }

    private HttpClientRequest begin(io.vertx.core.http.HttpClient client) {
        HttpClientRequest request = Blocking.get(client.request(new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost("localhost")
                .setPort(fixture.port())
                .setURI("/v1/chat/completions")
                .putHeader("content-type", "application/json")));
        // without one the library logs each reset as an error
        return request.exceptionHandler(cause -> {});
    }
}
