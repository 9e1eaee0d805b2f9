package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Accepted;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Passage;
import dev.understudy.model.RelaySink;
import dev.understudy.model.Relayed;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A judged request that is passed through, and what there is to tell of it in the end, which is told once. Confined to one
 * event loop.
 */
final class PassedCall {
    private final House house;
    private final Context loop;
    private final HttpServerRequest request;
    private final Endpoint endpoint;
    private final List<String> ids;
    private final Call call;
    private final Caller caller;
    private final Ruling ruling;
    private final ClientAnswer client;
    private final CallRecord record;
    private @Nullable Answerer answerer;
    private @Nullable Relayed relayed;
    private @Nullable Runnable whenOver;
    private @Nullable Accepted head;
    private @Nullable Integer status;
    private @Nullable String upstreamRequestId;
    private @Nullable Long firstMicros;
    private TokenCount tokens = TokenCount.NONE;
    private long startMicros;
    private boolean over;

    /** @param ids of the path */
    PassedCall(
            House house,
            Context loop,
            HttpServerRequest request,
            Endpoint endpoint,
            List<String> ids,
            Call call,
            Caller caller,
            Ruling ruling,
            ClientAnswer client,
            CallRecord record) {
        this.house = house;
        this.loop = loop;
        this.request = request;
        this.endpoint = endpoint;
        this.ids = List.copyOf(ids);
        this.call = call;
        this.caller = caller;
        this.ruling = ruling;
        this.client = client;
        this.record = record;
    }

    House house() {
        return house;
    }

    HttpServerRequest request() {
        return request;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    List<String> ids() {
        return ids;
    }

    Call call() {
        return call;
    }

    Caller caller() {
        return caller;
    }

    Ruling ruling() {
        return ruling;
    }

    ClientAnswer client() {
        return client;
    }

    boolean isOver() {
        return over;
    }

    /** Does something when the request is over, however it ends. */
    void whenOver(Runnable then) {
        whenOver = then;
    }

    /**
     * Passes a request on to its answerer.
     *
     * @param uri below the base URL
     * @param length of its body
     */
    Relayed relay(Answerer to, String uri, long length, RelaySink sink) {
        if (answerer == null) {
            answerer = to;
            startMicros = microsNow();
            record.asking(startMicros);
        }
        Passage passage = new Passage(
                call.receivedAt(),
                endpoint.method().name(),
                uri,
                request.headers(),
                to.key(),
                length,
                task -> loop.runOnContext(run -> task.run()));
        Relayed made = to.relay().relay(passage, sink);
        relayed = made;
        return made;
    }

    /** The upstream answers. */
    void accepted(Accepted accepted) {
        head = accepted;
        status = accepted.status();
        upstreamRequestId = accepted.upstreamRequestId();
        client.route(policy(), servedBy(), Interaction.Route.DIRECT.wire(), 1, record.overheadMicros());
    }

    /** The answer's first bytes are here. */
    void first() {
        if (firstMicros == null) {
            firstMicros = microsNow();
        }
    }

    void used(TokenCount reported) {
        tokens = reported;
    }

    /** Whether the request was a success, as far as its head says. */
    boolean isAccepted() {
        return head != null;
    }

    /** The decision was not to answer. */
    void deny() {
        Decision.Denial denial = ruling.decision().deny();
        if (denial == null) {
            throw new IllegalStateException("the decision denies nothing");
        }
        ApiFailure unfit = nobody(denial);
        ClientError error = unfit == null ? ClientError.of(denial, 0) : ClientError.of(unfit);
        client.policy(policy());
        client.errorBeforeBody(error, request, house);
        over(Interaction.Outcome.DENIED, client.status(), error.code());
    }

    /** Where the rule's models could not do it, which of their settings is at fault; null where it was another reason. */
    private @Nullable ApiFailure nobody(Decision.Denial denial) {
        if (ruling.decision().dropped().isEmpty()) {
            return null;
        }
        Decision.Dropped last = ruling.decision().dropped().getLast();
        return switch (last.code()) {
            case "api" ->
                new ApiFailure(
                        ApiError.NO_ELIGIBLE_MODEL,
                        "Only models behind a base URL have this URL, and the rule for this call names none. Whoever runs"
                                + " this gateway sets `upstream.baseUrl` of a model (kind Models) and names it in the rule.");
            case "unavailable" ->
                new ApiFailure(
                        ApiError.NO_ELIGIBLE_MODEL,
                        "No upstream can take this request: the model `" + last.model() + "` " + last.detail() + ".",
                        denial.param());
            default -> null;
        };
    }

    /** The upstream did not answer, or with an error. */
    void fail(ModelFailure failure, Answerer by) {
        status = failure.status();
        fail(ClientError.of(failure, by.card()));
    }

    /** Tells the client an error, or cuts it off where its answer has begun. */
    void fail(ClientError error) {
        if (over) {
            return;
        }
        if (client.isHeadOut()) {
            over(Interaction.Outcome.FAILED, client.status(), error.code());
            // An answer that breaks off must not pass for a whole one.
            client.reset();
            return;
        }
        client.route(
                policy(),
                servedBy(),
                Interaction.Route.DIRECT.wire(),
                answerer == null ? 0 : 1,
                record.overheadMicros());
        client.errorBeforeBody(error, request, house);
        over(Interaction.Outcome.FAILED, client.status(), error.code());
    }

    /** The answer is whole and sent. */
    void completed() {
        over(Interaction.Outcome.COMPLETED, client.status(), null);
        if (!request.isEnded()) {
            house.closeSoon(request);
        }
    }

    /** The client has left. */
    void gone() {
        if (!over) {
            int said = client.isHeadOut() ? client.status() : CallRecord.CLIENT_CLOSED;
            over(Interaction.Outcome.CLIENT_GONE, said, null);
        }
    }

    /** The client takes nothing. */
    void tooSlow() {
        if (!over) {
            over(Interaction.Outcome.CLIENT_GONE, client.status(), "client_too_slow");
            client.reset();
        }
    }

    private void over(Interaction.Outcome outcome, int sent, @Nullable String error) {
        over = true;
        if (relayed != null && outcome != Interaction.Outcome.COMPLETED) {
            relayed.cancel();
        }
        if (whenOver != null) {
            whenOver.run();
        }
        Answerer by = answerer;
        CallRecord.Passed passed = by == null
                ? null
                : new CallRecord.Passed(
                        by.card(),
                        startMicros,
                        firstMicros,
                        microsNow(),
                        status,
                        tokens,
                        upstreamRequestId,
                        isAccepted());
        record.passed(ruling, passed, outcome, sent, error);
        ruling.models().release();
    }

    private long microsNow() {
        return call.microsAt(System.nanoTime());
    }

    private String servedBy() {
        return answerer == null ? "-" : answerer.card().name();
    }

    private String policy() {
        String rule = ruling.decision().rule();
        return rule == null ? ruling.decision().revision() : ruling.decision().revision() + " " + rule;
    }
}
