package dev.understudy.admin;

import dev.understudy.capture.LiveFeed;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.Cancellable;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.Logger;

/**
 * Calls as they end. Lines are put together and sent a few times a second, so that a page costs the same whether ten
 * calls a second come or thousands.
 */
@Path("/api/events")
@RolesAllowed(Roles.ANALYST)
@Tag(name = "calls")
public class EventsResource {
    private static final Logger LOG = Logger.getLogger(EventsResource.class);

    /** How often a page is told. */
    private static final Duration BEAT = Duration.ofMillis(250);
    /** After so many silent beats (15 s) a comment is sent, by which both sides notice a dead connection. */
    private static final int SILENT_BEATS = 60;

    private final LiveFeed feed;

    EventsResource(LiveFeed feed) {
        this.feed = feed;
    }

    /** Batches of {@code calls} events until the client leaves; a slow client misses lines and is told how many. */
    @GET
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Operation(
            summary = "Calls as they end",
            description = "Server-sent events named calls: {\"calls\": [...], \"missed\": n}, newest last.")
    public Multi<OutboundSseEvent> events(Sse sse) {
        return Multi.createFrom().deferred(() -> {
            var mailbox = new Mailbox(SILENT_BEATS);
            Cancellable source = feed.lines()
                    .subscribe()
                    .with(mailbox::offer, failure -> LOG.debugf("watcher cut off reason=%s", failure.getMessage()));
            Multi<Mailbox.Letter> letters = Multi.createFrom()
                    .ticks()
                    .every(BEAT)
                    .onOverflow()
                    .drop()
                    .map(tick -> mailbox.collect())
                    .filter(letter -> !(letter instanceof Mailbox.Nothing));
            return Multi.createBy()
                    .concatenating()
                    .streams(Multi.createFrom().item(Mailbox.Letter.ALIVE), letters)
                    .map(letter -> event(sse, letter))
                    .onTermination()
                    .invoke(source::cancel);
        });
    }

    private static OutboundSseEvent event(Sse sse, Mailbox.Letter letter) {
        return switch (letter) {
            case Mailbox.Calls calls ->
                sse.newEventBuilder()
                        .name("calls")
                        .mediaType(MediaType.APPLICATION_JSON_TYPE)
                        .data(Mailbox.Calls.class, calls)
                        .build();
            case Mailbox.Alive alive -> sse.newEventBuilder().comment("alive").build();
            case Mailbox.Nothing nothing -> throw new IllegalStateException("an empty letter is not sent");
        };
    }
}
