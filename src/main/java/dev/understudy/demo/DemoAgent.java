package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An agent with an inbox: for each message a session, for each errand the request that its code was written for, in a tool loop two. It
 * knows nothing of Understudy but a base URL, sends no key and asks for {@code demo-x}. Confined to one event loop.
 */
public final class DemoAgent {

    private static final long TIMEOUT_MILLIS = 120_000;
    private static final int NO_SHARE = 0;

    private final Plan plan;
    private final DemoMessages inbox;
    private final Consumer<Integer> progress;
    private final DemoTally.Counter counter = new DemoTally.Counter();
    private final HttpClient http;
    private int left;
    private int busy;

    /**
     * What to do.
     *
     * @param agentsDoor base URL without {@code /v1}
     * @param calls requests in all, follow-ups of tool loops counted
     * @param seed of the inbox
     * @param concurrency sessions at a time
     */
    public record Plan(URI agentsDoor, int calls, long seed, int concurrency) {
        public Plan {
            if (calls < 1 || concurrency < 1) {
                throw new IllegalArgumentException(
                        "calls and concurrency must be at least 1, were " + calls + ", " + concurrency);
            }
        }
    }

    private DemoAgent(Vertx vertx, Plan plan, Consumer<Integer> progress) {
        this.plan = plan;
        this.progress = progress;
        // The held-out half: what no adapter was ever trained on.
        this.inbox = new DemoMessages(plan.seed(), Split.HELD_OUT);
        this.left = plan.calls();
        this.http = vertx.createHttpClient(
                new HttpClientOptions().setKeepAlive(true), new PoolOptions().setHttp1MaxSize(plan.concurrency()));
    }

    /**
     * Works through the inbox and tells how it went; failed requests are in the tally and do not fail the future.
     *
     * @param progress told the number of ended requests after each
     */
    public static Future<DemoTally> run(Vertx vertx, Plan plan, Consumer<Integer> progress) {
        Context loop = vertx.getOrCreateContext();
        Promise<DemoTally> done = Promise.promise();
        loop.runOnContext(start -> {
            var agent = new DemoAgent(vertx, plan, progress);
            for (int i = 0; i < plan.concurrency(); i++) {
                agent.work(done);
            }
        });
        return done.future();
    }

    /** Takes errands until no call is left; whoever is last to stop completes the run. */
    private void work(Promise<DemoTally> done) {
        if (left == NO_SHARE) {
            if (busy == 0) {
                http.close();
                done.tryComplete(counter.tally());
            }
            return;
        }
        DemoCall call = inbox.next();
        while (call.truth() instanceof DemoTruth.Loop && left < 2) {
            call = inbox.next();
        }
        int reserved = call.truth() instanceof DemoTruth.Loop ? 2 : 1;
        left -= reserved;
        busy++;
        perform(call).onComplete(sent -> {
            busy--;
            // A loop whose first answer was no tool call has no second request.
            left += reserved - (sent.succeeded() ? sent.result() : 1);
            work(done);
        });
    }

    /** Sends an errand's one or two requests; gives how many it sent. */
    private Future<Integer> perform(DemoCall call) {
        boolean stream = call.errand() == DemoErrand.REPLY || call.errand() == DemoErrand.PLAN;
        return send(call, call.body(), stream).compose(first -> {
            if (first == null) {
                return Future.succeededFuture(1);
            }
            DemoCheck.right(call, first).ifPresent(right -> counter.checked(call.errand(), right));
            if (call.truth() instanceof DemoTruth.Loop && first.has("tool_calls")) {
                return send(call, call.followUp(first), false).map(second -> 2);
            }
            return Future.succeededFuture(1);
        });
    }

    /** One request; gives the assistant's message (empty for a stream), or null when it failed, which is counted. */
    private Future<@Nullable ObjectNode> send(DemoCall call, ObjectNode body, boolean stream) {
        if (stream) {
            body.put("stream", true);
        }
        var options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(plan.agentsDoor() + "/v1/chat/completions")
                .setTimeout(TIMEOUT_MILLIS)
                .putHeader("content-type", "application/json")
                .putHeader("x-understudy-session", call.session());
        return http.request(options)
                .compose(request -> request.send(body.toString()))
                .compose(response -> response.body().map(bytes -> {
                    ObjectNode message = DemoCheck.message(response.statusCode(), bytes.toString(), stream);
                    String by = response.getHeader("x-understudy-served-by");
                    counter.answered(call.errand(), by == null ? "unnamed" : by);
                    return message;
                }))
                .otherwise(failure -> {
                    counter.failed(String.valueOf(failure.getMessage()));
                    return null;
                })
                .onComplete(ended -> progress.accept(counter.calls()));
    }
}
