package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Secret;
import dev.understudy.call.Tier;
import dev.understudy.model.Catalogue;
import dev.understudy.model.ListedModel;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.upstream.UpstreamModels;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The catalogue's names and those of upstreams that are up, down, slow or talk nonsense. */
class UpstreamNamesTest {
    private static final String LIST = "{\"object\":\"list\",\"data\":["
            + "{\"id\":\"gpt-a\",\"object\":\"model\",\"created\":7,\"owned_by\":\"o\",\"more\":{\"x\":1.0}},"
            + "{\"id\":\"org/b:free\",\"object\":\"model\"},{\"id\":\"own\"},{\"name\":\"no id\"},17]}";
    private static final ModelCard.Credential NONE = new ModelCard.Credential.None();

    private static Vertx vertx;

    private final AtomicLong nanos = new AtomicLong();
    private final UpstreamNames names = new UpstreamNames(nanos::get);
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private ScriptedPeer peer(Consumer<ScriptedPeer.Talk> script) {
        ScriptedPeer peer = new ScriptedPeer(vertx, script);
        open.add(peer);
        return peer;
    }

    private Model model(String name, String baseUrl, ModelCard.Credential credential) {
        ModelCard card = card(name, baseUrl, credential);
        Model model = new UpstreamModels(vertx, new SimpleMeterRegistry())
                .make(card, Catalogue.of("USD", null, Map.of(name, card)));
        open.add(model::close);
        return model;
    }

    private static ModelCard card(String name, String baseUrl, ModelCard.Credential credential) {
        return new ModelCard(
                name,
                Tier.LLM,
                false,
                new ModelCard.Place.Upstream(URI.create(baseUrl), null, credential, Set.of("chat")),
                null,
                Set.of("chat"),
                null,
                DoorFixture.limits(),
                ModelCard.OutputMayTrain.ASK,
                null,
                List.of());
    }

    private CompletableFuture<ModelNames> ask(@Nullable Secret key, Model... passing) {
        List<ModelCard> own = List.of(card("own", "http://127.0.0.1:9/v1", NONE));
        CompletableFuture<ModelNames> answer = new CompletableFuture<>();
        vertx.runOnContext(nothing -> {
            var _ = names.merged(own, List.of(passing), key, name -> !name.equals("secret"))
                    .whenComplete((found, failure) -> answer.complete(found));
        });
        return answer;
    }

    private List<String> ids(@Nullable Secret key, Model... passing)
            throws ExecutionException, InterruptedException, TimeoutException {
        ModelNames found = ask(key, passing).get(20, TimeUnit.SECONDS);
        List<String> ids = new ArrayList<>();
        found.own().forEach(card -> ids.add(card.name()));
        found.passed().stream().map(ListedModel::id).forEach(ids::add);
        return ids;
    }

    @Test
    void whatTheUpstreamKnowsFollowsWhatTheCatalogueKnowsEachNameOnce() throws Exception {
        ScriptedPeer first = peer(talk -> talk.json(200, LIST));
        ScriptedPeer second =
                peer(talk -> talk.json(200, "{\"data\":[{\"id\":\"gpt-a\"},{\"id\":\"secret\"},{\"id\":\"third\"}]}"));
        Model one = model("one", first.baseUrl(), new ModelCard.Credential.Ours(new Secret("sk-ours")));
        Model two = model("two", second.baseUrl(), NONE);
        assertThat(ids(null, one, two)).containsExactly("own", "gpt-a", "org/b:free", "third");
        assertThat(first.talks().getFirst().head()).startsWith("GET /v1/models HTTP/1.1");
        assertThat(first.talks().getFirst().header("authorization")).isEqualTo("Bearer sk-ours");
        assertThat(second.talks().getFirst().header("authorization")).isNull();
        assertThat(ask(null, one).get(5, TimeUnit.SECONDS).passed().getFirst().json())
                .hasToString(
                        "{\"id\":\"gpt-a\",\"object\":\"model\",\"created\":7,\"owned_by\":\"o\",\"more\":{\"x\":1.0}}");
    }

    @Test
    void anUpstreamIsAskedOnceInFiveMinutesHoweverManyWantToKnow() throws Exception {
        List<ScriptedPeer.Talk> waiting = new ArrayList<>();
        ScriptedPeer peer = peer(waiting::add);
        Model model = model("one", peer.baseUrl(), NONE);
        List<CompletableFuture<ModelNames>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(ask(null, model));
        }
        await().until(() -> peer.talks().size() == 1);
        peer.talks().getFirst().json(200, LIST);
        for (CompletableFuture<ModelNames> answer : answers) {
            assertThat(answer.get(5, TimeUnit.SECONDS).passed()).hasSize(2);
        }
        nanos.addAndGet(Duration.ofMinutes(5).toNanos() - 1);
        ids(null, model);
        assertThat(peer.talks()).hasSize(1);
        nanos.addAndGet(1);
        peer.script(talk -> talk.json(200, "{\"data\":[]}"));
        assertThat(ids(null, model)).containsExactly("own");
        assertThat(peer.talks()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\n{}",
                "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 X\r\ncontent-length: 7\r\n\r\n<html/>",
                "HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n[]",
                "HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n{\"data\":{}}",
                "nonsense\r\n\r\n",
            })
    void anUpstreamThatHasNoListIsLeftOutAndAskedAgainSoon(String answer) throws Exception {
        ScriptedPeer peer = peer(talk -> talk.raw(answer));
        Model model = model("one", peer.baseUrl(), NONE);
        assertThat(ids(null, model)).containsExactly("own");
        assertThat(ids(null, model)).containsExactly("own");
        assertThat(peer.talks()).hasSize(1);
        peer.script(talk -> talk.json(200, LIST));
        nanos.addAndGet(Duration.ofSeconds(5).toNanos());
        assertThat(ids(null, model)).containsExactly("own", "gpt-a", "org/b:free");
    }

    @Test
    void anUpstreamThatIsDownOrCutOffIsLeftOut() throws Exception {
        Model down = model("down", "http://127.0.0.1:9/v1", NONE);
        ScriptedPeer cutting =
                peer(talk -> talk.raw("HTTP/1.1 200 X\r\ncontent-length: 900\r\n\r\n{\"data\":[{\"id\":\"x\"}")
                        .close());
        ScriptedPeer up = peer(talk -> talk.json(200, LIST));
        assertThat(ids(null, down, model("cut", cutting.baseUrl(), NONE), model("up", up.baseUrl(), NONE)))
                .containsExactly("own", "gpt-a", "org/b:free");
    }

    @Test
    void anUpstreamThatIsSlowOrEndlessIsGivenUpAndItsConnectionClosed() throws Exception {
        ScriptedPeer slow = peer(talk -> {});
        ScriptedPeer endless = peer(talk -> talk.stream().chunk("x".repeat(5 << 20)));
        long begun = System.nanoTime();
        assertThat(ids(null, model("slow", slow.baseUrl(), NONE), model("endless", endless.baseUrl(), NONE)))
                .containsExactly("own");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(9));
        await().until(() -> slow.open() == 0 && endless.open() == 0);
    }

    @Test
    void aCallersOwnKeyAsksForItselfAlone() throws Exception {
        ScriptedPeer peer = peer(talk -> talk.json(
                200,
                "{\"data\":[{\"id\":\"for-"
                        + String.valueOf(talk.header("authorization")).substring(7) + "\"}]}"));
        Model model = model("one", peer.baseUrl(), new ModelCard.Credential.Forward());
        assertThat(ids(new Secret("sk-a"), model)).containsExactly("own", "for-sk-a");
        assertThat(ids(new Secret("sk-b"), model)).containsExactly("own", "for-sk-b");
        assertThat(ids(null, model)).containsExactly("own");
        assertThat(peer.talks()).hasSize(2);
    }

    @Test
    void aCallersOwnKeyIsShownToNobodyWhereItIsNotClearWhomItIsFor() throws Exception {
        ScriptedPeer one = peer(talk -> talk.json(200, LIST));
        ScriptedPeer other = peer(talk -> talk.json(200, LIST));
        ModelCard.Credential forward = new ModelCard.Credential.Forward();
        assertThat(ids(new Secret("sk-a"), model("a", one.baseUrl(), forward), model("b", other.baseUrl(), forward)))
                .containsExactly("own");
        assertThat(one.talks()).isEmpty();
        assertThat(other.talks()).isEmpty();
    }
}
