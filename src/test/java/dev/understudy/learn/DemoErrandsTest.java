package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Signals.SiteMatch;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.demo.DemoCall;
import dev.understudy.demo.DemoErrand;
import dev.understudy.demo.DemoMessages;
import dev.understudy.demo.Split;
import dev.understudy.inspect.Inspector;
import dev.understudy.inspect.SessionBook;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.SlmSwitch;
import dev.understudy.inspect.SmallModels;
import dev.understudy.model.OwnerMarks;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the demo agent asks must be seen as the errands that the demo's rules speak of. */
class DemoErrandsTest {
    private static final Caller LOCAL = new Caller(
            "local", "default", null, Map.of(), List.of("*"), false, Set.of(), null, Sensitivity.INTERNAL, null);

    private final SiteKeys keys = new SiteKeys(new byte[32]);
    private final Inspector inspector = new Inspector(
            new AdapterBook(keys),
            SessionBook.EMPTY,
            SlmSwitch.ON,
            keys,
            new OwnerMarks(new byte[32]),
            new SimpleMeterRegistry());
    private final DemoMessages inbox = new DemoMessages(7, Split.HELD_OUT);

    @ParameterizedTest
    @CsvSource({
        "demo-tools,tool_call",
        "demo-triage,classify",
        "demo-lookup,tool_call",
        "demo-order,extract",
        "demo-subject,generate",
        "demo-reply,answer",
        "demo-plan,decide"
    })
    void eachErrandHasItsKind(String errand, String kind) throws ApiFailure {
        for (int i = 0; i < 20; i++) {
            Signals signals = look(inbox.next(DemoErrand.ofWire(errand)).body());
            assertThat(signals.kind().wire()).isEqualTo(kind);
            assertThat(signals.phase()).isEqualTo(Phase.USER_TURN);
            assertThat(signals.unknown()).isEmpty();
        }
    }

    @Test
    void theAnswerAfterALookUpIsAFinalOne() throws ApiFailure {
        DemoCall call = inbox.next(DemoErrand.LOOKUP);
        ObjectNode assistant = call.body().objectNode().put("role", "assistant");
        assistant.putArray("tool_calls").addObject().put("id", "call_1").put("type", "function");
        Signals signals = look(call.followUp(assistant));

        assertThat(signals.phase()).isEqualTo(Phase.FINAL_ANSWER);
        assertThat(signals.kind()).isEqualTo(Kind.ANSWER);
    }

    @Test
    void theToolErrandIsTheAdaptersTaskFromTheFirstCallOnWhateverTheModel() throws ApiFailure {
        for (String model : List.of("demo-x", "demo-y", "gpt-4o")) {
            ObjectNode body = inbox.next(DemoErrand.TOOLS).body().deepCopy().put("model", model);
            Signals signals = look(body);
            assertThat(signals.task()).isEqualTo("demo-tools");
            assertThat(signals.taskState()).isEqualTo(TaskState.KNOWN);
            assertThat(signals.siteMatch()).isEqualTo(SiteMatch.EXACT);
        }
        for (DemoErrand errand : DemoErrand.values()) {
            boolean tools = errand == DemoErrand.TOOLS;
            assertThat("demo-tools".equals(look(inbox.next(errand).body()).task()))
                    .isEqualTo(tools);
        }
    }

    private Signals look(JsonNode body) throws ApiFailure {
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        return inspector.inspect(
                CallReader.read(new UUID(0x7000, 1), Instant.EPOCH, 0, bytes, Map.of()),
                LOCAL,
                new SmallModels(List.of(), 8));
    }
}
