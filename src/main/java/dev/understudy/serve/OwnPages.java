package dev.understudy.serve;

import dev.understudy.model.Accepted;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.RelaySink;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.OwnList;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A list under our own key, of which a team sees what is its own. Where the upstream's pages are full of other teams'
 * entries more of them are read, so that a page that is not the last one has something in it: clients stop at an empty
 * one.
 */
final class OwnPages implements RelaySink {
    private static final int PAGE_BYTES = 16 << 20;
    private static final int MOST_PAGES = 50;
    /** Entries of a page where the request does not say, and the most that OpenAI gives; files come all at once. */
    private static final int DEFAULT_ENTRIES = 20;

    private static final int MOST_ENTRIES = 100;
    private static final int MOST_FILES = 10_000;

    private final PassedCall passed;
    private final Answerer answerer;
    private final OwnList.Page page = new OwnList.Page();
    private final int wanted;
    private final int most;
    private final MultiMap parameters;
    private Buffer body = Buffer.buffer();
    private @Nullable Accepted head;
    private int pages;

    OwnPages(PassedCall passed, Answerer answerer) {
        this.passed = passed;
        this.answerer = answerer;
        this.parameters =
                MultiMap.caseInsensitiveMultiMap().addAll(passed.request().params());
        boolean files = passed.endpoint().segments().equals(List.of("files"));
        this.most = files ? MOST_FILES : MOST_ENTRIES;
        this.wanted = limit(parameters.get("limit"), files ? MOST_FILES : DEFAULT_ENTRIES);
    }

    private int limit(@Nullable String said, int otherwise) {
        try {
            return said == null ? otherwise : Math.clamp(Integer.parseInt(said), 1, most);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** Begins; called once. */
    void run() {
        ask();
    }

    private void ask() {
        pages++;
        body = Buffer.buffer();
        if (pages > 1) {
            parameters.set("limit", Integer.toString(most));
        }
        passed.relay(answerer, passed.endpoint().uri(passed.ids(), parameters), 0, this);
    }

    @Override
    public void ready() {
        // There is no body.
    }

    @Override
    public void head(Accepted accepted) {
        if (head == null) {
            head = accepted;
            passed.accepted(accepted);
        }
    }

    @Override
    public void bytes(Buffer bytes) {
        passed.first();
        if ((long) body.length() + bytes.length() > PAGE_BYTES) {
            malformed("The upstream sent a page of more than 16 MiB.");
        } else {
            body.appendBuffer(bytes);
        }
    }

    @Override
    public void ended() {
        OwnList list = OwnList.read(body);
        if (list == null) {
            malformed("The upstream sent no list.");
            return;
        }
        passed.house().held().find(passed.caller().team(), list.ids()).onComplete(found -> {
            if (passed.isOver()) {
                return;
            }
            if (found.succeeded()) {
                add(list, found.result().keySet());
            } else {
                passed.fail(ClientError.of(
                        CallRecord.failure(found.cause(), passed.call().id())));
            }
        });
    }

    private void add(OwnList list, Set<String> own) {
        boolean allIn = list.addTo(page, own, wanted);
        boolean hasMore = !allIn || (list.hasMore() && !list.ids().isEmpty());
        if (hasMore && allIn && page.count() < wanted && pages < MOST_PAGES) {
            parameters.set("after", list.ids().getLast());
            ask();
            return;
        }
        Accepted first = head;
        if (first != null) {
            Map<String, String> headers = first.headers();
            passed.client().upstreamHeaders(withoutForm(headers), first.upstreamRequestId());
        }
        passed.client().document(first == null ? 200 : first.status(), page.json(hasMore));
        passed.completed();
    }

    private static Map<String, String> withoutForm(Map<String, String> headers) {
        Map<String, String> kept = new java.util.HashMap<>(headers);
        kept.keySet().removeAll(Set.of("content-type", "content-length", "content-encoding"));
        return kept;
    }

    private void malformed(String message) {
        passed.fail(ClientError.of(new ApiFailure(ApiError.UPSTREAM_MALFORMED_RESPONSE, message)));
    }

    @Override
    public void failed(ModelFailure failure) {
        passed.fail(failure, answerer);
    }
}
