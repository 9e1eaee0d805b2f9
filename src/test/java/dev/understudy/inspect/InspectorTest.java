package dev.understudy.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Signals.SiteMatch;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.call.TokenCount;
import dev.understudy.model.OwnerMarks;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectorTest {
    private static final String SYSTEM =
            "You sort the inbox of a shop.\\nName the one intent that fits the message.\\nToday is 2026-11-24.";
    private static final String FUNCTION =
            "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}";
    private static final String CALLS_F =
            "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}";
    private static final String USER = "{\"role\":\"user\",\"content\":\"hi\"}";

    private static final SmallModels SMALL = new SmallModels(List.of("tiny", "minute"), 2);

    private final MemoryBook book = new MemoryBook();
    private final SiteKeys keys = new SiteKeys(new byte[32]);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Inspector inspector = inspector(book);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello | user_turn",
                "U,C,T:all fine | tool_continuation",
                "U,C,T:all fine,C,T:all fine | error_repair",
                "U,C,T:all fine,U,C,T:all fine | tool_continuation",
                "U,C,E | error_repair",
                "U,C,T:{\\\"error\\\":\\\"no such order\\\"} | error_repair",
                "U,C,T:{\\\"error\\\":null} | tool_continuation",
                "U,C,T:{\\\"a\\\":1} | tool_continuation",
                "U,C,T:Process exited with code 1 | error_repair",
                "U,C,T:exit code: 0 | tool_continuation",
                "U,C,T:HTTP/1.1 404 Not Found | error_repair",
                "U,C,T:HTTP/1.1 200 OK | tool_continuation",
                "U,C,T:{\\\"status\\\":503} | error_repair",
                "U,C,T:Traceback (most recent call last):\\n x | error_repair",
                "U,A:{x,U:That is invalid JSON. Try again. | error_repair",
                "U,A:hello,U:thanks | user_turn",
                "U,C,T:all fine,A:done,U:thanks | user_turn"
            })
    void thePhaseIsReadFromTheEndOfTheMessages(String talk, String phase) throws ApiFailure {
        Signals signals = inspect("\"tools\":[" + FUNCTION + "],", talk(talk), caller(false));

        assertThat(signals.phase().wire()).isEqualTo(phase);
        assertThat(signals.reasons()).containsKey("phase");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                " | final_answer",
                "\"tools\":[F],\"tool_choice\":\"none\", | final_answer",
                "\"tools\":[F],\"response_format\":{\"type\":\"json_object\"}, | final_answer",
                "\"tools\":[F], | tool_continuation"
            })
    void afterToolResultsWhoMayNotCallGivesTheFinalAnswer(String fields, String phase) throws ApiFailure {
        String given = fields == null ? "" : fields.replace("F", FUNCTION);

        assertThat(inspect(given, talk("U,C,T:all fine"), caller(false)).phase().wire())
                .isEqualTo(phase);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"stream\":true, | short | chat",
                "\"stream\":true, | long | answer",
                "\"stream\":true,\"tools\":[F], | short | tool_call",
                "\"reasoning_effort\":\"high\",\"tools\":[F], | long | decide",
                "\"tools\":[F,F,F], | long | decide",
                "\"tools\":[F,F], | long | tool_call",
                "\"tools\":[F],\"tool_choice\":\"none\", | long | answer",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"properties\":{\"a\":{\"enum\":[1]}}}}}, | long | classify",
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"properties\":{\"a\":{\"type\":\"string\"}}}}}, | long | extract",
                "\"max_tokens\":16, | long | classify",
                "\"max_tokens\":17, | long | answer",
                "\"response_format\":{\"type\":\"json_object\"},\"max_tokens\":5, | long | generate",
                "\"temperature\":0, | long | answer"
            })
    void theKindIsReadFromTheShapeOfTheRequest(String fields, String system, String kind) throws ApiFailure {
        String prompt = system.equals("short") ? "Be kind." : SYSTEM;
        String messages = "{\"role\":\"system\",\"content\":\"" + prompt + "\"}," + USER;
        Signals signals = inspect(fields.replace("F", FUNCTION), messages, caller(false));

        assertThat(signals.kind().wire()).isEqualTo(kind);
        assertThat(signals.reasons()).containsKey("kind");
    }

    @Test
    void peopleChat() throws ApiFailure {
        assertThat(inspect("\"tools\":[" + FUNCTION + "],", USER, caller(true)).kind())
                .isEqualTo(Kind.CHAT);
    }

    @Test
    void theTasksOwnKindWins() throws ApiFailure {
        book.answer = new TaskBook.Task("mine", Kind.DECIDE, TaskState.KNOWN);
        Signals signals = inspect("", prompt("a"), caller(false));

        assertThat(signals.kind()).isEqualTo(Kind.DECIDE);
        assertThat(signals.task()).isEqualTo("mine");
        assertThat(signals.taskState()).isEqualTo(TaskState.KNOWN);
        assertThat(signals.reasons()).containsEntry("kind", "the task's own");
    }

    @Test
    void slotsDoNotMakeASiteAndLinesDo() throws ApiFailure {
        Signals first = inspect("", prompt(SYSTEM), caller(false));
        Signals slot = inspect("", prompt(SYSTEM.replace("24.", "25.")), caller(false));
        Signals edited = inspect("", prompt(SYSTEM + "\\nBe kind."), caller(false));
        Signals cut = inspect(
                "",
                prompt("You sort the inbox of a shop.\\nName the one intent that fits the message."),
                caller(false));
        Signals other =
                inspect("", prompt("You write poems for the friends of the house, and nothing else."), caller(false));

        assertThat(first.siteMatch()).isEqualTo(SiteMatch.NEW);
        assertThat(first.site()).matches("[0-9a-f]{16}");
        assertThat(slot.siteMatch()).isEqualTo(SiteMatch.EXACT);
        assertThat(slot.site()).isEqualTo(first.site());
        assertThat(edited.siteMatch()).isEqualTo(SiteMatch.EXACT);
        assertThat(cut.siteMatch()).isEqualTo(SiteMatch.EDITED);
        assertThat(cut.site()).isEqualTo(first.site());
        assertThat(other.siteMatch()).isEqualTo(SiteMatch.NEW);
        assertThat(other.site()).isNotEqualTo(first.site());
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-4o-2024-08-06,gpt-4o",
        "GPT-4o-Mini,gpt-4o-mini",
        "gpt-4-0613,gpt-4",
        "gpt-4-turbo-preview,gpt-4-turbo",
        "claude-x-20250219,claude-x",
        "chatgpt-4o-latest,chatgpt-4o",
        "o1-preview-2024-09-12,o1",
        "gemini-exp-11-21,gemini-exp",
        "llama3:8b,llama3:8b",
        "m,m",
        "demo-x,demo-x"
    })
    void aFamilyHasNoDate(String model, String family) {
        assertThat(SiteInputs.family(model)).isEqualTo(family);
    }

    @Test
    void aBucketIsExact() throws ApiFailure {
        Signals plain = inspect("", prompt(SYSTEM), caller(false));

        for (String fields : List.of(
                "\"tools\":[" + FUNCTION + "],",
                "\"tools\":[" + FUNCTION + "],\"tool_choice\":\"required\",",
                "\"tools\":[" + FUNCTION + "],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}},",
                "\"response_format\":{\"type\":\"json_object\"},")) {
            Signals signals = inspect(fields, prompt(SYSTEM), caller(false));
            assertThat(signals.siteMatch()).isEqualTo(SiteMatch.NEW);
            assertThat(signals.site()).isNotEqualTo(plain.site());
        }
        assertThat(inspect("\"temperature\":1,\"max_tokens\":900,", prompt(SYSTEM), caller(false))
                        .site())
                .isEqualTo(plain.site());
    }

    @Test
    void teamsDoNotShareSites() throws ApiFailure {
        Signals ours = inspect("", prompt(SYSTEM), caller(false));
        Signals theirs = inspector.inspect(call("", prompt(SYSTEM), Map.of()), caller("other", false), SMALL);

        assertThat(theirs.siteMatch()).isEqualTo(SiteMatch.NEW);
        assertThat(theirs.site()).isNotEqualTo(ours.site());
    }

    @Test
    void aSiteThatCameWithAnAdapterIsKnownWhateverTheModel() throws ApiFailure {
        Call call = call("", prompt(SYSTEM), Map.of());
        String any = keys.bucket("local", SiteInputs.of(call).anyFamily());
        Outline outline = keys.outline("local", Masks.lines(SYSTEM.replace("\\n", "\n")));
        CallSite site = new CallSite("0123456789abcdef", outline);
        book.sites.put(any, List.of(site));

        Signals signals = inspector.inspect(call, caller(false), SMALL);
        assertThat(signals.site()).isEqualTo("0123456789abcdef");
        assertThat(signals.siteMatch()).isEqualTo(SiteMatch.EXACT);
    }

    @Test
    void a33rdSiteOfABucketIsNone() throws ApiFailure {
        for (int i = 0; i < 33; i++) {
            String prompt = "Speak like they do in " + valley(i) + " and of no other one.";
            Signals signals = inspect("", prompt(prompt), caller(false));
            assertThat(signals.site() == null).isEqualTo(i == 32);
            assertThat(signals.task() == null).isEqualTo(i == 32);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "x-understudy-session,s-1,header,s-1",
        "x-session-id,s-2,header,s-2",
        "x-claude-code-session-id,s-3,header,s-3",
        "thread-id,s-4,header,s-4",
        "session-id,s-5,header,s-5"
    })
    void aHeaderSaysTheSession(String header, String value, String source, String session) throws ApiFailure {
        Call call = call("\"metadata\":{\"session_id\":\"m\"},", USER, Map.of(header, value));
        Signals signals = inspector.inspect(call, caller(false), SMALL);

        assertThat(signals.session()).isEqualTo(session);
        assertThat(signals.sessionSource()).isEqualTo(source);
    }

    @Test
    void withoutAHeaderTheSessionComesFromMetadataThenFromTheTalk() throws ApiFailure {
        Signals metadata = inspect("\"metadata\":{\"session_id\":\"m\"},", USER, caller(false));
        Signals derived = inspect("", USER, caller(false));
        Signals later = inspect(
                "",
                USER + ",{\"role\":\"assistant\",\"content\":\"x\"},{\"role\":\"user\",\"content\":\"y\"}",
                caller(false));
        Signals other = inspect("\"prompt_cache_key\":\"k\",", USER, caller(false));
        Signals none = inspect("", "{\"role\":\"system\",\"content\":\"x\"}", caller(false));

        assertThat(metadata.session()).isEqualTo("m");
        assertThat(metadata.sessionSource()).isEqualTo("metadata");
        assertThat(derived.sessionSource()).isEqualTo("derived");
        assertThat(derived.session())
                .matches("d-[0-9a-f]{16}")
                .isEqualTo(later.session())
                .isNotEqualTo(other.session());
        assertThat(later.turn()).isEqualTo(2);
        assertThat(none.sessionSource()).isEqualTo("call");
        assertThat(none.session()).isEqualTo(new UUID(0x7000, 1).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "x-understudy-session",
        "x-session-id",
        "x-claude-code-session-id",
        "thread-id",
        "session-id",
    })
    void everyHeaderThatAgentsUseNamesTheSession(String header) throws ApiFailure {
        Signals signals = inspector.inspect(call("", USER, Map.of(header, "mine")), caller(false), SMALL);

        assertThat(signals.session()).isEqualTo("mine");
        assertThat(signals.sessionSource()).isEqualTo("header");
    }

    @Test
    void aConversationAndAChainOfResponsesAreSessions() throws ApiFailure {
        String metadata = "\"metadata\":{\"session_id\":\"m\"},";
        Signals conversation = response(metadata + "\"conversation\":{\"id\":\"conv_1\"},\"input\":\"hi\"");
        Signals known = response(metadata + "\"previous_response_id\":\"resp_1\",\"input\":\"hi\"");
        Signals unknown = response("\"previous_response_id\":\"resp_2\",\"input\":\"hi\"");

        assertThat(conversation.session()).isEqualTo("conv_1");
        assertThat(conversation.sessionSource()).isEqualTo("conversation");
        assertThat(known.session()).isEqualTo("s-of-resp_1");
        assertThat(known.sessionSource()).isEqualTo("response");
        assertThat(unknown.session()).isEqualTo("resp_2");
    }

    @Test
    void whatTheBookOfSessionsAndTheSwitchSayIsPassedOnWithTheReason() throws ApiFailure {
        Signals signals = remembering().inspect(call("", USER, Map.of("x-session-id", "bad")), caller(false), SMALL);
        Signals other = remembering().inspect(call("", USER, Map.of("x-session-id", "good")), caller(false), SMALL);

        assertThat(signals.latched()).isTrue();
        assertThat(signals.slmOff()).isTrue();
        assertThat(signals.reasons())
                .containsEntry("latched", "it went wrong")
                .containsEntry("slm_off", "small models are switched off");
        assertThat(other.latched()).isFalse();
    }

    @Test
    void aSessionOrLoopOfWhichNothingCanBeToldIsLeftToTheLargeModel() throws ApiFailure {
        Signals signals = remembering().inspect(call("", USER, Map.of("x-session-id", "broken")), caller(false), SMALL);

        assertThat(signals.latched()).isTrue();
        assertThat(signals.unknown()).containsOnlyKeys("latched").doesNotContainValue("secret");
    }

    @Test
    void theOwnerOfAnOpenLoopIsRead() throws ApiFailure {
        Signals open = inspect("\"tools\":[" + FUNCTION + "],", talk("U,C,T:all fine"), caller(false));
        Signals none = inspect("", USER, caller(false));

        assertThat(open.loop()).isEqualTo(Loop.LLM);
        assertThat(open.reasons()).containsEntry("loop", "a call of this loop is no small model's");
        assertThat(none.loop()).isEqualTo(Loop.NONE);
        assertThat(none.reasons()).doesNotContainKey("loop");
    }

    @Test
    void anUnfitSessionNameIsHashed() throws ApiFailure {
        Call call = call("", USER, Map.of("x-session-id", "s".repeat(129)));

        assertThat(inspector.inspect(call, caller(false), SMALL).session()).matches("h-[0-9a-f]{16}");
    }

    @Test
    void tokensAreCorrectedByWhatUpstreamsReport() throws ApiFailure {
        Call call = call("", prompt("word ".repeat(400)), Map.of());
        int before = inspector.inspect(call, caller(false), SMALL).tokens();
        for (int i = 0; i < 100; i++) {
            inspector.reported(call, new TokenCount(1_000, 0, 1, TokenCount.Source.REPORTED));
        }

        assertThat(before).isBetween(550, 590);
        assertThat(inspector.inspect(call, caller(false), SMALL).tokens()).isBetween(995, 1_005);
        assertThat(inspector
                        .inspect(call("", prompt("x"), Map.of(), "other"), caller(false), SMALL)
                        .tokens())
                .isLessThan(40);
    }

    @Test
    void aCallThatIsOnlyConsideredLeavesNoTraceInTheBook() throws ApiFailure {
        MemoryBook untouched = new MemoryBook();
        Signals signals = inspector(untouched).consider(call("", USER, Map.of()), caller(false), SMALL);

        assertThat(signals.task()).isEqualTo("a-task");
        assertThat(untouched.sightings).isEmpty();
        assertThat(untouched.sites).isEmpty();
    }

    @Test
    void aBookThatFailsLeavesSiteAndTaskUnknown() throws ApiFailure {
        TaskBook broken = new TaskBook() {
            @Override
            public List<CallSite> sites(String team, String bucket) {
                throw new IllegalStateException("secret");
            }

            @Override
            public Task seen(Sighting sighting) {
                throw new IllegalStateException("secret");
            }

            @Override
            public Task known(Sighting sighting) {
                throw new IllegalStateException("secret");
            }
        };
        Signals signals = inspector(broken).inspect(call("", USER, Map.of()), caller(false), SMALL);

        assertThat(signals.site()).isNull();
        assertThat(signals.task()).isNull();
        assertThat(signals.unknown()).containsOnlyKeys("site", "task").doesNotContainValue("secret");
        assertThat(signals.phase()).isEqualTo(Phase.USER_TURN);
        assertThat(meters.counter("understudy.signal.unknown", "signal", "site").count())
                .isEqualTo(1);
    }

    @Test
    void everySignalHasItsReason() throws ApiFailure {
        Signals signals = inspect("\"tools\":[" + FUNCTION + "],", prompt(SYSTEM), caller(false));

        assertThat(signals.reasons())
                .containsOnlyKeys("site", "task", "kind", "phase", "session", "tokens", "sensitivity");
        assertThat(signals.unknown()).isEmpty();
        assertThat(signals.toolsHash()).matches("[0-9a-f]{64}");
        assertThat(signals.sensitivity()).isEqualTo(Sensitivity.INTERNAL);
        assertThat(book.sightings.getFirst().prompt().words()).containsExactly("sort", "inbox", "shop");
    }

    @Test
    void lookingAtAKnownCallAllocatesLittle() throws ApiFailure {
        Call call = call(
                "\"tools\":[" + FUNCTION + "],",
                prompt(SYSTEM + "\\nA line that is always there.".repeat(100)),
                Map.of());
        for (int i = 0; i < 2_000; i++) {
            inspector.inspect(call, caller(false), SMALL);
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Caller caller = caller(false);
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1_000; i++) {
            inspector.inspect(call, caller, SMALL);
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / 1_000;

        assertThat(each).isBetween(1L, 20_000L);
    }

    /** An inspector whose books know a little, while small models are off. */
    private Inspector remembering() {
        SessionBook sessions = new SessionBook() {
            @Override
            public @Nullable String latched(Turn turn) {
                if (turn.session().equals("broken")) {
                    throw new IllegalStateException("secret");
                }
                return turn.session().equals("bad") ? "it went wrong" : null;
            }

            @Override
            public @Nullable String sessionOf(String team, String response) {
                return response.equals("resp_1") ? "s-of-" + response : null;
            }
        };
        return new Inspector(book, sessions, () -> true, keys, new OwnerMarks(new byte[32]), meters);
    }

    private Signals response(String fields) throws ApiFailure {
        byte[] body = ("{\"model\":\"m\"," + fields + "}").getBytes(StandardCharsets.UTF_8);
        Call call = CallReader.read(Api.RESPONSES, new UUID(0x7000, 1), Instant.EPOCH, 0, body, Map.of());
        return remembering().inspect(call, caller(false), SMALL);
    }

    private Inspector inspector(TaskBook tasks) {
        return new Inspector(tasks, SessionBook.EMPTY, SlmSwitch.ON, keys, new OwnerMarks(new byte[32]), meters);
    }

    private Signals inspect(String fields, String messages, Caller caller) throws ApiFailure {
        return inspector.inspect(call(fields, messages, Map.of()), caller, SMALL);
    }

    private static Call call(String fields, String messages, Map<String, String> headers) throws ApiFailure {
        return call(fields, messages, headers, "gpt-x");
    }

    private static Call call(String fields, String messages, Map<String, String> headers, String model)
            throws ApiFailure {
        String body = "{" + fields + "\"model\":\"" + model + "\",\"messages\":[" + messages + "]}";
        return CallReader.read(new UUID(0x7000, 1), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    private static String prompt(String system) {
        return "{\"role\":\"system\",\"content\":\"" + system + "\"}," + USER;
    }

    /** A talk in short: U user, A assistant, C assistant that calls f, T tool result, E one that is flagged. */
    private static String talk(String turns) {
        StringBuilder messages = new StringBuilder();
        for (String turn : turns.split(",", -1)) {
            String text = turn.length() > 2 ? turn.substring(2) : "hello";
            messages.append(messages.isEmpty() ? "" : ",")
                    .append(
                            switch (turn.charAt(0)) {
                                case 'A' -> "{\"role\":\"assistant\",\"content\":\"" + text + "\"}";
                                case 'C' -> CALLS_F;
                                case 'T' -> "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"" + text + "\"}";
                                case 'E' ->
                                    "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"x\",\"is_error\":true}";
                                default -> "{\"role\":\"user\",\"content\":\"" + text + "\"}";
                            });
        }
        return messages.toString();
    }

    private static String valley(int i) {
        return "x".repeat(1 + i % 6) + "y".repeat(1 + i / 6);
    }

    private static Caller caller(boolean human) {
        return caller("local", human);
    }

    private static Caller caller(String team, boolean human) {
        return new Caller(
                team, "default", null, Map.of(), List.of("*"), human, Set.of(), null, Sensitivity.INTERNAL, null);
    }
}
