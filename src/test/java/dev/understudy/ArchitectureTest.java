package dev.understudy;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the house's table of rooms: which floor, which libraries; and the habits that a machine can check. */
class ArchitectureTest {

    private static final String HOUSE = "dev.understudy";

    /** What every room may use besides the JDK: null marks, injection and its life-cycle, settings, logger, Jackson, meters. */
    private static final String[] EVERYWHERE = {
        "java..",
        "javax.crypto..",
        "javax.net..",
        "javax.security..",
        "org.jspecify..",
        "jakarta.inject..",
        "jakarta.enterprise..",
        "jakarta.annotation",
        "jakarta.interceptor..",
        "io.quarkus.arc..",
        "io.quarkus.runtime..",
        "io.quarkus.scheduler..",
        "org.eclipse.microprofile.config..",
        "io.smallrye.config..",
        "org.jboss.logging..",
        "com.fasterxml.jackson..",
        "io.micrometer.core..",
    };

    private static final List<String> VERTX = List.of("io.vertx.core..", "io.netty..", "io.quarkus.tls..");
    private static final List<String> BUFFER = List.of("io.vertx.core.buffer..");
    private static final List<String> MUTINY = List.of("io.smallrye.mutiny..", "io.smallrye.common.annotation..");
    private static final List<String> POSTGRES = List.of(
            "io.vertx.pgclient..",
            "io.vertx.sqlclient..",
            "io.vertx.mutiny.pgclient..",
            "io.vertx.mutiny.sqlclient..",
            "io.vertx.core.json..");
    private static final List<String> PANACHE = List.of(
            "io.quarkus.hibernate.reactive.panache..",
            "io.quarkus.panache.common..",
            "jakarta.persistence..",
            "org.hibernate.annotations..",
            "org.hibernate.type..",
            "org.hibernate.reactive..");
    /** Hibernate Reactive keeps its session in a Vert.x context that the asker must provide. */
    private static final List<String> SESSION_CONTEXT =
            List.of("io.vertx.core..", "io.quarkus.vertx.core.runtime.context..", "io.smallrye.common.vertx..");

    private static final List<String> MESSAGING =
            List.of("org.eclipse.microprofile.reactive.messaging..", "io.smallrye.reactive.messaging..");
    private static final List<String> VALIDATOR = List.of("jakarta.validation..", "org.hibernate.validator..");
    private static final List<String> SCHEMA = List.of("com.networknt.schema..", "tools.jackson..");
    private static final List<String> CAFFEINE = List.of("com.github.benmanes.caffeine..");
    private static final List<String> ZSTD = List.of("com.github.luben.zstd..");
    private static final List<String> RE2J = List.of("com.google.re2j..");

    private static final Map<String, Room> ROOMS = Map.ofEntries(
            Map.entry("call", room(0)),
            Map.entry("telemetry", room(0, List.of("io.opentelemetry.api.."))),
            Map.entry(
                    "database",
                    room(
                            0,
                            POSTGRES,
                            List.of(
                                    "javax.sql..",
                                    "org.apache.commons.compress..",
                                    "org.tukaani.xz..",
                                    "org.flywaydb..",
                                    "org.postgresql.."))),
            Map.entry("openai", room(2, ZSTD, BUFFER)),
            Map.entry("detect", room(1, RE2J)),
            Map.entry("model", room(1, BUFFER)),
            Map.entry("slm", room(3, BUFFER)),
            Map.entry("upstream", room(3, VERTX, MUTINY, List.of("io.smallrye.faulttolerance.."))),
            Map.entry("access", room(3, PANACHE, MUTINY, POSTGRES, CAFFEINE, SESSION_CONTEXT)),
            Map.entry("inspect", room(3, RE2J, CAFFEINE)),
            Map.entry("verify", room(3, SCHEMA, CAFFEINE, RE2J)),
            Map.entry("capture", room(3, MUTINY, POSTGRES, MESSAGING, BUFFER, ZSTD, CAFFEINE)),
            Map.entry(
                    "policy",
                    room(4, SCHEMA, VALIDATOR, MUTINY, POSTGRES, List.of("org.snakeyaml.engine..", "dev.cel.."))),
            Map.entry("serve", room(5, VERTX, CAFFEINE, MUTINY)),
            Map.entry("learn", room(6, PANACHE, MUTINY, POSTGRES, ZSTD)),
            Map.entry("usage", room(6, MUTINY, POSTGRES)),
            Map.entry("demo", room(6, VERTX)),
            Map.entry(
                    "admin",
                    room(
                            7,
                            MUTINY,
                            VALIDATOR,
                            List.of(
                                    "jakarta.ws.rs..",
                                    "jakarta.annotation.security..",
                                    "org.jboss.resteasy.reactive..",
                                    "io.quarkus.resteasy.reactive..",
                                    "io.quarkus.security..",
                                    "io.quarkus.vertx.http..",
                                    "io.vertx.core..",
                                    "io.vertx.ext.web..",
                                    "org.eclipse.microprofile.health..",
                                    "io.smallrye.health.api..",
                                    "org.eclipse.microprofile.openapi..",
                                    "picocli.."))));

    /** Primitives, arrays of them, and the one Vert.x type outside its buffer package that only carries values. */
    private static final DescribedPredicate<JavaClass> CARRIER = DescribedPredicate.describe(
            "primitive, or a map of headers",
            type -> type.getBaseComponentType().isPrimitive() || type.getName().equals("io.vertx.core.MultiMap"));

    private static final JavaClasses HOUSE_CLASSES = new ClassFileImporter()
            .importUrl(Understudy.class.getProtectionDomain().getCodeSource().getLocation());

    /**
     * One row of the table.
     *
     * @param floor a room imports lower floors only
     * @param libraries package patterns that it may use besides {@link #EVERYWHERE}
     */
    private record Room(int floor, List<String> libraries) {}

    @SafeVarargs
    private static Room room(int floor, List<String>... libraries) {
        return new Room(floor, Stream.of(libraries).flatMap(List::stream).toList());
    }

    @Test
    void everyPackageIsARoomOfTheTable() {
        var rooms = new TreeSet<String>();
        for (JavaClass type : HOUSE_CLASSES) {
            if (!type.getPackageName().equals(HOUSE)) {
                rooms.add(type.getPackageName().substring(HOUSE.length() + 1).split("\\.")[0]);
            }
        }
        assertThat(ROOMS.keySet()).containsAll(rooms);
    }

    @TestFactory
    Stream<DynamicTest> aRoomImportsLowerFloorsAndItsLibrariesOnly() {
        return ROOMS.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    var allowed = new ArrayList<String>(List.of(EVERYWHERE));
                    allowed.addAll(entry.getValue().libraries());
                    allowed.add(pattern(entry.getKey()));
                    ROOMS.forEach((name, room) -> {
                        if (room.floor() < entry.getValue().floor()) {
                            allowed.add(pattern(name));
                        }
                    });
                    classes()
                            .that()
                            .resideInAPackage(pattern(entry.getKey()))
                            .should()
                            .onlyDependOnClassesThat(resideInAnyPackage(allowed.toArray(String[]::new))
                                    .or(CARRIER))
                            .allowEmptyShould(true)
                            .check(HOUSE_CLASSES);
                }));
    }

    @Test
    void noRoomsNeedEachOther() {
        slices().matching(HOUSE + ".(*)..").should().beFreeOfCycles().check(HOUSE_CLASSES);
    }

    @Test
    void noNameEndsInAnEmptyWord() {
        classes()
                .that()
                .areNotAnonymousClasses()
                .should()
                .haveNameNotMatching(".*(Utils?|Helper|Manager|Impl|Base|Data|Info|Common|Constants)")
                .andShould()
                .haveNameNotMatching(".*[.$]Abstract[A-Z].*")
                .check(HOUSE_CLASSES);
    }

    @Test
    void whatAClassNeedsComesThroughItsConstructor() {
        noFields()
                .should()
                .beAnnotatedWith("jakarta.inject.Inject")
                .orShould()
                .beAnnotatedWith("org.eclipse.microprofile.config.inject.ConfigProperty")
                .orShould()
                .beAnnotatedWith("org.eclipse.microprofile.reactive.messaging.Channel")
                .check(HOUSE_CLASSES);
    }

    @Test
    void theEnvironmentIsReadInThreePlacesOnly() {
        noClasses()
                .that(DescribedPredicate.not(resideInAnyPackage(HOUSE, pattern("database"), pattern("policy"))))
                .should()
                .callMethodWhere(calls(System.class, "getenv")
                        .or(calls(System.class, "getProperty"))
                        .or(calls(Integer.class, "getInteger"))
                        .or(calls(Long.class, "getLong"))
                        .or(calls(Boolean.class, "getBoolean")))
                .check(HOUSE_CLASSES);
    }

    @Test
    void logsGoThroughTheOneLogger() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..", "org.slf4j..")
                .check(HOUSE_CLASSES);
        noClasses().should().callMethod(Throwable.class, "printStackTrace").check(HOUSE_CLASSES);
    }

    @Test
    void onlyTheCommandLineWritesToTheTerminal() {
        noClasses()
                .that()
                .resideOutsideOfPackages(HOUSE, HOUSE + ".admin.cli")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(HOUSE_CLASSES);
    }

    @Test
    void everyPackageHasItsPageAndIsNullMarked() {
        var unmarked = new TreeSet<String>();
        for (JavaClass type : HOUSE_CLASSES) {
            JavaPackage room = type.getPackage();
            if (!room.isAnnotatedWith(NullMarked.class)) {
                unmarked.add(room.getName());
            }
        }
        assertThat(unmarked).as("packages without a @NullMarked package-info").isEmpty();
    }

    private static DescribedPredicate<JavaMethodCall> calls(Class<?> owner, String method) {
        return DescribedPredicate.describe(
                owner.getSimpleName() + "." + method,
                call -> call.getName().equals(method) && call.getTargetOwner().isAssignableTo(owner));
    }

    private static String pattern(String room) {
        return HOUSE + "." + room + "..";
    }
}
