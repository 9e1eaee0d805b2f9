package dev.understudy.policy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link PolicySet} of files, or says everything that keeps it from being one. Slow: for a worker, never for an
 * event loop. Safe to use from several threads.
 */
public final class PolicyLoader {
    private static final String VERSION = "understudy.dev/v1";
    private static final int MOST_RULES = 2_000;

    private final KindSchemas schemas = new KindSchemas();
    private final Binder binder = new Binder();
    private final Expressions expressions = new Expressions();
    private final Surroundings surroundings;

    PolicyLoader(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** A loader that finds variables and secrets where this process does. */
    public static PolicyLoader ofProcess() {
        return new PolicyLoader(Surroundings.ofProcess());
    }

    /**
     * What became of files.
     *
     * @param set null exactly when one of the problems is an error
     * @param problems in the order of files and lines
     * @param revision of the documents as they are, 64 hex digits, also when they are wrong
     * @param tests what the files' own test cases came to; none is run while something else is wrong
     */
    public record Loaded(@Nullable PolicySet set, List<Problem> problems, String revision, Trials.Run tests) {
        public Loaded {
            problems = List.copyOf(problems);
        }

        /** Problems that keep the set from being activated. */
        public long errors() {
            return problems.stream().filter(Problem::isError).count();
        }

        /** Problems that do not. */
        public long warnings() {
            return problems.size() - errors();
        }

        /** As {@code 1 error, 2 warnings}. */
        public String count() {
            return number(errors(), "error") + ", " + number(warnings(), "warning");
        }

        private static String number(long count, String what) {
            return count + " " + what + (count == 1 ? "" : "s");
        }
    }

    /** How often a condition of some set that it made could not be evaluated for a call. */
    LongAdder failedConditions() {
        return expressions.failures();
    }

    /** Reads a folder and makes a set of it. */
    public Loaded load(Path folder) {
        return load(PolicyFiles.read(folder));
    }

    Loaded load(PolicyFiles files) {
        return load(files, null);
    }

    /**
     * Makes a set of these files.
     *
     * @param currency that of the set in force, which a running gateway cannot change; null: any
     */
    Loaded load(PolicyFiles files, @Nullable String currency) {
        List<Problem> problems = new ArrayList<>(files.problems());
        List<Document> documents = new ArrayList<>();
        files.texts().forEach((name, text) -> read(name, text, documents, problems));
        String revision = revision(documents);
        if (problems.stream().noneMatch(Problem::isError)) {
            missingKinds(documents, problems);
        }
        Outline outline = Outline.of(documents);
        List<Document> sound = shapes(documents, problems);
        References.check(documents, outline, currency, problems);
        Secrets.check(documents, surroundings, problems);
        Conditions.check(documents, expressions, new ExpressionPlaces(files.texts()), problems);
        Bound bound = bind(sound, problems);
        List<Problem> lints = new ArrayList<>();
        Lints.check(documents, lints);
        boolean broken = problems.stream().anyMatch(Problem::isError);
        // Whether a rule can hold says little while other rules are taken out; that one is missing still counts.
        lints.stream().filter(lint -> !broken || lint.isError()).forEach(problems::add);
        PolicySet set =
                problems.stream().noneMatch(Problem::isError) ? bound.set(revision, surroundings, expressions) : null;
        Trials.Run tests = set == null
                ? Trials.Run.NONE
                : Trials.run(bound.testDocuments(), bound.tests(), set, documents, problems);
        boolean loads = problems.stream().noneMatch(Problem::isError);
        List<Problem> inOrder =
                problems.stream().distinct().sorted(Problem.IN_ORDER).toList();
        return new Loaded(loads ? set : null, inOrder, revision, tests);
    }

    private void read(String file, String text, List<Document> documents, List<Problem> problems) {
        List<Problem> own = new ArrayList<>();
        int number = 0;
        for (Tree tree : YamlReader.read(file, text, own)) {
            Tree resolved = new Values(surroundings, own).resolve(tree);
            if (!(resolved instanceof Tree.Leaf(Place place, Object value) && value == null)) {
                Document document = document(file, number++, resolved, own);
                if (document != null) {
                    documents.add(document);
                }
            }
        }
        problems.addAll(own);
    }

    private static @Nullable Document document(String file, int number, Tree tree, List<Problem> problems) {
        if (!(tree instanceof Tree.Fields root)) {
            problems.add(tree.place()
                    .problem(Problem.Code.ENVELOPE, "a document is a map", "begin with apiVersion: " + VERSION));
            return null;
        }
        if (!VERSION.equals(root.text("apiVersion"))) {
            problems.add(Tree.placeOf(root, List.of("apiVersion"))
                    .problem(Problem.Code.ENVELOPE, "apiVersion must be " + VERSION));
            return null;
        }
        String kind = root.text("kind");
        for (Document.Kind known : Document.Kind.values()) {
            if (known.wire().equals(kind)) {
                String name = Tree.at(root, List.of("metadata", "name")) instanceof Tree.Leaf(Place place, String text)
                        ? text
                        : "";
                return new Document(file, number, known, name, root);
            }
        }
        Place place = Tree.placeOf(root, List.of("kind"));
        List<String> kinds =
                Arrays.stream(Document.Kind.values()).map(Document.Kind::wire).toList();
        String hint = kind == null ? "" : Nearest.hint(kind, kinds);
        problems.add(place.problem(Problem.Code.ENVELOPE, "kind must be one of " + String.join(", ", kinds), hint));
        return null;
    }

    private static void missingKinds(List<Document> documents, List<Problem> problems) {
        for (Document.Kind kind : List.of(Document.Kind.MODELS, Document.Kind.ACCESS, Document.Kind.POLICY)) {
            if (documents.stream().noneMatch(document -> document.kind() == kind)) {
                problems.add(
                        Place.file(".").problem(Problem.Code.MISSING, "there is no document of kind " + kind.wire()));
            }
        }
    }

    /** Holds each document against its schema; gives back what is left of them. */
    private List<Document> shapes(List<Document> documents, List<Problem> problems) {
        Set<Place> unset = new HashSet<>();
        for (Problem problem : problems) {
            if (problem.code() == Problem.Code.VALUE_UNSET) {
                unset.add(new Place(problem.file(), problem.line(), problem.column()));
            }
        }
        List<Document> sound = new ArrayList<>();
        int rules = 0;
        for (Document document : documents) {
            List<Fault> faults = new ArrayList<>(LaterFeatures.faults(document));
            faults.addAll(schemas.faults(document));
            for (Fault fault : faults) {
                Problem problem = fault.problem();
                if (!unset.contains(new Place(problem.file(), problem.line(), problem.column()))) {
                    problems.add(problem);
                }
            }
            sound.add(Pruning.prune(document, faults));
            rules += Outline.items(List.of(document), Document.Kind.POLICY, "rules")
                    .size();
        }
        if (rules > MOST_RULES) {
            problems.add(Place.file(".")
                    .problem(Problem.Code.LIMIT, rules + " rules, at most " + MOST_RULES + " are taken"));
        }
        return sound;
    }

    /** The records of all documents. */
    private record Bound(
            List<ModelsSpec> models,
            List<AccessSpec> access,
            List<String> policyNames,
            List<RulesSpec> policies,
            List<String> captureNames,
            List<CaptureSpec> captures,
            List<Document> testDocuments,
            List<TestsSpec> tests) {
        PolicySet set(String revision, Surroundings surroundings, Expressions expressions) {
            List<Policy> made = new ArrayList<>();
            for (int i = 0; i < policies.size(); i++) {
                made.add(Rules.policy(policyNames.get(i), policies.get(i), expressions));
            }
            return new PolicySet(
                    revision,
                    Cards.catalogue(models, surroundings),
                    Rules.access(access),
                    made,
                    Rules.capture(captureNames, captures, expressions));
        }
    }

    private Bound bind(List<Document> documents, List<Problem> problems) {
        Bound bound = new Bound(
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>());
        for (Document document : documents) {
            switch (document.kind()) {
                case MODELS -> add(document, ModelsSpec.class, bound.models(), problems);
                case ACCESS -> add(document, AccessSpec.class, bound.access(), problems);
                case POLICY -> {
                    add(document, RulesSpec.class, bound.policies(), problems);
                    bound.policyNames().add(document.name());
                }
                case CAPTURE -> {
                    add(document, CaptureSpec.class, bound.captures(), problems);
                    bound.captureNames().add(document.name());
                }
                case TESTS -> {
                    int before = bound.tests().size();
                    add(document, TestsSpec.class, bound.tests(), problems);
                    if (bound.tests().size() > before) {
                        bound.testDocuments().add(document);
                    }
                }
            }
        }
        return bound;
    }

    private <T> void add(Document document, Class<T> type, List<T> bound, List<Problem> problems) {
        T spec = binder.bind(document, type, problems);
        if (spec != null) {
            bound.add(spec);
        }
    }

    /** SHA-256 over the documents, by path and then in the order of their files; line breaks and comments do not count. */
    private static String revision(List<Document> documents) {
        StringBuilder canonical = new StringBuilder();
        documents.stream()
                .sorted(Comparator.comparing(Document::file).thenComparingInt(Document::number))
                .forEach(document -> canonical
                        .append(document.file())
                        .append('\n')
                        .append(Binder.canonical(document.root()))
                        .append('\n'));
        return PolicyFiles.sha256(canonical.toString());
    }
}
