package dev.understudy.inspect;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals;
import dev.understudy.call.Signals.SiteMatch;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.call.TokenCount;
import dev.understudy.call.Tool;
import dev.understudy.model.OwnerMarks;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says what kind of errand a call is. Given the {@link TaskBook}, the {@link SessionBook} and the {@link SlmSwitch} it
 * depends on nothing but the call and its caller, takes microseconds, and may be asked from any thread. It fails open: a signal that cannot be had is named in
 * {@link Signals#unknown()}, and the call goes on.
 */
@Singleton
public final class Inspector {
    /** A prompt of fewer characters tells little about its agent. */
    static final int TINY_PROMPT = 48;

    private static final long CACHE_BYTES = 32L << 20;
    private static final long CONTENTS_PATIENCE = 50_000_000;

    private final TaskBook book;
    private final SessionBook sessions;
    private final SlmSwitch slmSwitch;
    private final SiteKeys keys;
    private final LoopReader loops;
    private final MeterRegistry meters;
    private final TokenFactors factors = new TokenFactors();
    private final ContentsReader contents = new ContentsReader();
    private final Cache<TeamText, Prompt> prompts = Caffeine.newBuilder()
            .maximumWeight(CACHE_BYTES)
            .weigher((TeamText key, Prompt prompt) ->
                    2 * key.text.length() + 16 * prompt.outline().lines() + 256)
            .build();
    private final Cache<TeamInputs, Buckets> buckets = Caffeine.newBuilder()
            .maximumWeight(CACHE_BYTES / 4)
            .weigher((TeamInputs key, Buckets made) -> key.inputs.bytes() + 512)
            .build();

    public Inspector(
            TaskBook book,
            SessionBook sessions,
            SlmSwitch slmSwitch,
            SiteKeys keys,
            OwnerMarks marks,
            MeterRegistry meters) {
        this.book = book;
        this.sessions = sessions;
        this.slmSwitch = slmSwitch;
        this.keys = keys;
        this.loops = new LoopReader(marks);
        this.meters = meters;
    }

    /**
     * Looks at one call.
     *
     * @param small the small models of the catalogue
     */
    public Signals inspect(Call call, Caller caller, SmallModels small) {
        return inspect(call, caller, small, book::seen);
    }

    /** Looks at one call as {@link #inspect} does, but leaves no trace in the book: for questions about a call. */
    public Signals consider(Call call, Caller caller, SmallModels small) {
        return inspect(call, caller, small, book::known);
    }

    private Signals inspect(
            Call call, Caller caller, SmallModels small, Function<TaskBook.Sighting, TaskBook.Task> tasks) {
        long started = System.nanoTime();
        Look look = new Look();
        String instructions = instructions(call);
        Reasoned<Phase> phase = look.at("phase", () -> PhaseReader.read(call), Phase.USER_TURN);
        Reasoned<Kind> shape = look.at(
                "kind",
                () -> KindReader.read(call, caller, phase.value(), small.maxTools(), instructions.length()),
                Kind.ANSWER);
        Site site = site(look, call, caller, instructions, phase.value(), shape.value(), tasks);
        Kind kind = shape.value();
        if (site.task.kind() != null) {
            kind = site.task.kind();
            look.reasons.put("kind", "the task's own");
        }
        SessionReader.Session session = session(look, call, caller, site.id);
        Reasoned<Integer> tokens = look.at(
                "tokens",
                () -> new Reasoned<>(factors.estimate(call), "bytes of text times the factor of this model"),
                0);
        look.reasons.put("sensitivity", "the floor of the caller");
        Loop loop = loop(look, call, caller, small);
        var turn = new SessionBook.Turn(caller.team(), session.id(), site.id, phase.value(), call);
        boolean latched = latched(look, turn);
        boolean off = slmSwitch.isOff();
        if (off) {
            look.reasons.put("slm_off", "small models are switched off");
        }
        return new Signals(
                site.id,
                site.match,
                site.id == null ? null : site.task.name(),
                site.task.state(),
                toolsHash(call.tools()),
                kind,
                phase.value(),
                session.id(),
                session.source(),
                turn(call),
                tokens.value(),
                caller.sensitivityFloor(),
                loop,
                latched,
                off,
                look.reasons,
                look.unknown,
                (System.nanoTime() - started) / 1_000);
    }

    /**
     * Looks into the contents of a call besides, for guards that ask what is in them.
     *
     * @param signals of the same call
     * @return the signals with the findings; they are unknown when the look failed or was late
     */
    public Signals lookInto(Call call, Caller caller, Signals signals) {
        long started = System.nanoTime();
        Map<String, String> reasons = new HashMap<>(signals.reasons());
        Map<String, String> unknown = new HashMap<>(signals.unknown());
        Set<String> found = Set.of();
        try {
            found = contents.read(call, caller.team(), CONTENTS_PATIENCE);
            reasons.put("findings", found.isEmpty() ? "nothing was found" : String.join(", ", found));
        } catch (RuntimeException e) {
            unknown.put("findings", e.getClass().getSimpleName());
            meters.counter(Meters.SIGNAL_UNKNOWN, Meters.SIGNAL, "findings").increment();
        }
        return signals.with(found, reasons, unknown, (System.nanoTime() - started) / 1_000);
    }

    /** Learns from the input tokens that an upstream reported for a call. */
    public void reported(Call call, TokenCount tokens) {
        if (tokens.source() == TokenCount.Source.REPORTED) {
            factors.correct(call, tokens.input());
        }
    }

    private Site site(
            Look look,
            Call call,
            Caller caller,
            String instructions,
            Phase phase,
            Kind kind,
            Function<TaskBook.Sighting, TaskBook.Task> tasks) {
        if (call.api() == Api.OTHER) {
            look.reasons.put("site", "this endpoint has no call sites");
            look.reasons.put("task", "no site");
            return Site.NONE;
        }
        try {
            Site site = find(call, caller, instructions, phase, kind, tasks);
            look.reasons.put("site", site.reason);
            look.reasons.put("task", site.id == null ? "no site" : taskReason(site.task.state()));
            return site;
        } catch (RuntimeException e) {
            look.failed("site", e);
            look.unknown.put("task", "the site is unknown");
            return Site.NONE;
        }
    }

    private Site find(
            Call call,
            Caller caller,
            String instructions,
            Phase phase,
            Kind kind,
            Function<TaskBook.Sighting, TaskBook.Task> tasks) {
        String team = caller.team();
        Prompt prompt = prompt(team, prompt(call, instructions));
        Buckets buckets = buckets(team, SiteInputs.of(call));
        String bucket = buckets.any;
        Found found = best(book.sites(team, bucket), prompt.outline());
        if (found == null || found.match != SiteMatch.EXACT) {
            List<CallSite> sites = book.sites(team, buckets.own);
            Found own = best(sites, prompt.outline());
            if (own == null && found == null && sites.size() >= CallSite.A_BUCKET) {
                return new Site(null, SiteMatch.NONE, TaskBook.Task.OTHER, "its bucket holds 32 sites already");
            }
            if (found == null || (own != null && own.held > found.held)) {
                bucket = buckets.own;
                found = own == null ? fresh(team, bucket, prompt.outline()) : own;
            }
        }
        TaskBook.Task task =
                tasks.apply(new TaskBook.Sighting(team, bucket, found.site, prompt, phase, kind, call.tools()));
        return new Site(found.site.id(), found.match, task, siteReason(found));
    }

    private Found fresh(String team, String bucket, Outline outline) {
        return new Found(new CallSite(keys.site(team, bucket, outline), outline), SiteMatch.NEW, 0);
    }

    /** The bucket of a call's own model, and that of sites which came with an adapter. */
    private Buckets buckets(String team, SiteInputs inputs) {
        TeamInputs key = new TeamInputs(team, inputs);
        Buckets known = buckets.getIfPresent(key);
        if (known != null) {
            return known;
        }
        Buckets made = new Buckets(keys.bucket(team, inputs), keys.bucket(team, inputs.anyFamily()));
        buckets.put(key, made);
        return made;
    }

    /** The site of which the prompt holds most; null when it holds too little of each. */
    private static @Nullable Found best(List<CallSite> sites, Outline prompt) {
        Found best = null;
        for (CallSite site : sites) {
            double held = site.outline().heldBy(prompt);
            if (held < Outline.SAME_SITE) {
                continue;
            }
            boolean better = best == null
                    || held > best.held
                    || (held == best.held
                            && site.outline().characters() > best.site.outline().characters());
            if (better) {
                best = new Found(site, held >= 1 ? SiteMatch.EXACT : SiteMatch.EDITED, held);
            }
        }
        return best;
    }

    private SessionReader.Session session(Look look, Call call, Caller caller, @Nullable String site) {
        try {
            SessionReader.Session session = SessionReader.read(call, caller, site, keys, sessions);
            look.reasons.put("session", session.reason());
            return session;
        } catch (RuntimeException e) {
            look.failed("session", e);
            return new SessionReader.Session(call.id().toString(), "call", "");
        }
    }

    /** A loop of which nothing can be told is the large model's. */
    private Loop loop(Look look, Call call, Caller caller, SmallModels small) {
        try {
            Reasoned<Loop> loop = loops.read(call, caller.team(), small);
            if (loop.value().isOpen()) {
                look.reasons.put("loop", loop.reason());
            }
            return loop.value();
        } catch (RuntimeException e) {
            look.failed("loop", e);
            return Loop.LLM;
        }
    }

    /** A session of which nothing can be told is left to the large model for this call. */
    private boolean latched(Look look, SessionBook.Turn turn) {
        try {
            String why = sessions.latched(turn);
            if (why != null) {
                look.reasons.put("latched", why);
            }
            return why != null;
        } catch (RuntimeException e) {
            look.failed("latched", e);
            return true;
        }
    }

    private Prompt prompt(String team, String text) {
        TeamText key = new TeamText(team, text);
        Prompt known = prompts.getIfPresent(key);
        if (known != null) {
            return known;
        }
        Prompt read = Prompt.of(keys, team, Masks.lines(text));
        prompts.put(key, read);
        return read;
    }

    /** What the agent's author wrote: system and developer messages. */
    private static String instructions(Call call) {
        String text = "";
        for (Message message : call.messages()) {
            if (message.isInstruction() && text.length() < Masks.CHARACTERS) {
                text = text.isEmpty() ? message.text() : text + "\n" + message.text();
            }
        }
        return text.length() > Masks.CHARACTERS ? text.substring(0, Masks.CHARACTERS) : text;
    }

    /** The instructions; where they are tiny, the first user message too. */
    private static String prompt(Call call, String instructions) {
        if (instructions.length() >= TINY_PROMPT) {
            return instructions;
        }
        for (Message message : call.messages()) {
            if (message.role().equals("user")) {
                String text = message.text();
                return instructions + "\n" + text.substring(0, Math.min(text.length(), Masks.CHARACTERS));
            }
        }
        return instructions;
    }

    private static int turn(Call call) {
        int turn = 0;
        for (Message message : call.messages()) {
            turn += message.role().equals("user") ? 1 : 0;
        }
        return turn;
    }

    /** SHA-256 over names and schema hashes, sorted by name, 64 hex digits; empty without tools. */
    private static String toolsHash(List<Tool> tools) {
        if (tools.isEmpty()) {
            return "";
        }
        String[] lines = new String[tools.size()];
        for (int i = 0; i < lines.length; i++) {
            Tool tool = tools.get(i);
            lines[i] = tool.name() + '\0' + tool.type() + '\0' + tool.schemaHash();
        }
        Arrays.sort(lines);
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String line : lines) {
                sha.update(line.getBytes(StandardCharsets.UTF_8));
                sha.update((byte) '\n');
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String siteReason(Found found) {
        return switch (found.match) {
            case EXACT -> "the prompt holds the whole outline of this site";
            case EDITED -> "the prompt holds " + (int) (100 * found.held) + " % of the outline of this site";
            case NEW, NONE -> "no known site of these tools and this format has such a prompt";
        };
    }

    private static String taskReason(TaskState state) {
        return switch (state) {
            case NEW -> "site and phase were seen fewer than 20 times";
            case KNOWN -> "site and phase are known";
            case OTHER -> "the team has too many tasks to tell them apart";
        };
    }

    /** Which site a call has and what the book says of it. */
    private record Site(@Nullable String id, SiteMatch match, TaskBook.Task task, String reason) {
        static final Site NONE = new Site(null, SiteMatch.NONE, TaskBook.Task.OTHER, "");
    }

    private record Found(CallSite site, SiteMatch match, double held) {}

    private record TeamText(String team, String text) {}

    private record TeamInputs(String team, SiteInputs inputs) {}

    private record Buckets(String own, String any) {}

    /** Gathers reasons and failures while a call is looked at. */
    private final class Look {
        private final Map<String, String> reasons = new HashMap<>();
        private final Map<String, String> unknown = new HashMap<>();

        <T> Reasoned<T> at(String signal, Supplier<Reasoned<T>> read, T otherwise) {
            try {
                Reasoned<T> found = read.get();
                reasons.put(signal, found.reason());
                return found;
            } catch (RuntimeException e) {
                failed(signal, e);
                return new Reasoned<>(otherwise, "");
            }
        }

        void failed(String signal, RuntimeException e) {
            unknown.put(signal, e.getClass().getSimpleName());
            meters.counter(Meters.SIGNAL_UNKNOWN, Meters.SIGNAL, signal).increment();
        }
    }
}
