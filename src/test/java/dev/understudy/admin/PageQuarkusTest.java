package dev.understudy.admin;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.capture.CaptureWatch;
import dev.understudy.capture.Recorder;
import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import dev.understudy.serve.AgentsDoor;
import dev.understudy.testing.Chromium;
import dev.understudy.testing.SampleCalls;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The page in a real browser, against the real door. Its own profile gives it a database of its own, so that the first
 * tests see a gateway that nobody has called. Screenshots go to {@code target/screenshots}, to be looked at.
 */
@QuarkusTest
@TestProfile(PageQuarkusTest.Alone.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@SuppressWarnings("NullAway.Init") // fields are set by Quarkus, or before all tests
class PageQuarkusTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final int PATIENCE_MILLIS = 20_000;

    @TestHTTPResource("/")
    URI door;

    @Inject
    DataFolder folder;

    @Inject
    Recorder recorder;

    @Inject
    CaptureWatch capture;

    @Inject
    AgentsDoor agents;

    private Chromium chromium;
    private String contrast;
    private final List<String> complaints = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();

    /** An application of its own, and with it an empty database. */
    public static class Alone implements QuarkusTestProfile {}

    @BeforeAll
    void startBrowser() throws IOException {
        Assumptions.assumeTrue(
                getClass().getResource("/META-INF/resources/index.html") != null,
                "the page was not built: this build ran with -Dskip.webui");
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
        chromium = Chromium.start();
        try (InputStream script = requireNonNull(getClass().getResourceAsStream("/web/contrast.js"))) {
            contrast = new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @BeforeEach
    void listen() {
        complaints.clear();
        addresses.clear();
    }

    @AfterAll
    void endBrowser() {
        if (chromium != null) {
            chromium.close();
        }
    }

    @AfterEach
    void asksNobodyElseAndComplainsOfNothing() {
        assertThat(addresses).allSatisfy(address -> assertThat(address).startsWith(door.toString()));
        assertThat(complaints).isEmpty();
    }

    @Order(1)
    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void saysHowToMakeTheFirstCallWhileThereIsNone(ColorScheme scheme) throws Exception {
        try (BrowserContext context = context(scheme, 1440, 900)) {
            Page page = open(context);

            assertThat(page.locator("h1")).hasText("Nothing has called in the last 24 hours.");
            assertThat(page.locator(".empty pre").first()).hasText("export OPENAI_BASE_URL=" + baseUrl());
            assertThat(page.locator(".empty")).containsText("from openai import OpenAI");
            assertThat(page.locator(".empty")).containsText("curl " + baseUrl() + "/chat/completions");
            assertThat(page.locator(".empty")).containsText("./understudy demo");
            assertThat(page.locator(".calls")).isHidden();
            assertReadable(page);
            shoot(page, "empty-" + name(scheme));
        }
    }

    @Order(2)
    @Test
    void copiesALine() throws Exception {
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            context.grantPermissions(List.of("clipboard-read", "clipboard-write"));
            Page page = open(context);

            page.locator(".empty .copy").first().click();

            assertThat(page.locator(".empty .copy").first()).hasText("Copied");
            assertThat(page.evaluate("() => navigator.clipboard.readText()"))
                    .isEqualTo("export OPENAI_BASE_URL=" + baseUrl());
        }
    }

    @Order(3)
    @Test
    void showsTheFirstCallTheMomentItEnds() throws Exception {
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            Page page = open(context);
            assertThat(page.locator(".link")).hasText("live");

            record(calls().withTier(Tier.SLM).withTask("sort-mail").next());

            Locator row = page.locator("tbody tr");
            assertThat(row).hasCount(1);
            assertThat(row.locator(".who")).hasText("SLM");
            assertThat(row.locator(".model")).hasText("gpt-4o-mini → starter");
            assertThat(row.locator(".task")).containsText("sort-mail");
            assertThat(row.locator(".why")).containsText("Rule everyone/default asks starter");
            assertThat(page.locator(".empty")).isHidden();
            assertThat(page.locator("h1")).containsText("The small model answered 100 % of 1 call");
        }
    }

    @Order(4)
    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void listsCallsWithTheirWhyAndTheFiguresAboveThem(ColorScheme scheme) throws Exception {
        fill();
        try (BrowserContext context = context(scheme, 1440, 900)) {
            Page page = open(context);

            assertThat(page.locator("tbody tr").first()).isVisible();
            assertThat(page.locator("tbody tr[data-outcome=failed] .end").first())
                    .hasText("failed 502");
            assertThat(page.locator("tbody tr[data-outcome=denied] .end").first())
                    .hasText("denied 403");
            assertThat(page.locator("tbody tr[data-outcome=client_gone] .end").first())
                    .hasText("client left");
            assertThat(page.locator(".figures")).containsText("SLM share");
            assertThat(page.locator(".house")).containsText("lost 0");
            assertReadable(page);
            shoot(page, "calls-" + name(scheme));
        }
    }

    @Order(5)
    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void tellsOneCallsWayToTheKeyboardAlone(ColorScheme scheme) throws Exception {
        fill();
        try (BrowserContext context = context(scheme, 1440, 900)) {
            Page page = open(context);
            assertThat(page.locator("tbody tr").first()).isVisible();

            page.keyboard().press("j");
            page.keyboard().press("j");
            assertThat(page.locator("tbody tr").nth(1)).hasClass(Pattern.compile(".*chosen.*"));
            page.keyboard().press("Enter");

            Locator story = page.locator(".story");
            assertThat(story).containsText("What it was taken for");
            assertThat(story).containsText("a schema was asked for");
            assertThat(page).hasURL(Pattern.compile(".*#calls/[0-9a-f-]{36}"));
            assertReadable(page);
            shoot(page, "call-" + name(scheme));

            page.keyboard().press("j");
            assertThat(page.locator("tbody tr").nth(2)).hasClass(Pattern.compile(".*chosen.*"));
            page.keyboard().press("k");
            page.keyboard().press("Escape");
            assertThat(story).isHidden();
            assertThat(page).hasURL(door.toString());
            assertThat(page.locator("tbody tr").nth(1).locator("a")).isFocused();

            page.keyboard().press("?");
            assertThat(page.locator("dialog")).isVisible();
            page.keyboard().press("Escape");
            assertThat(page.locator("dialog")).isHidden();
        }
    }

    @Order(6)
    @Test
    void opensACallFromItsAddressWithWhatWasKeptOfIt() throws Exception {
        Interaction call = calls().withTask("kept").next();
        record(call);
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            Page page = context.newPage();
            watch(page);
            page.navigate(door + "#token=" + folder.adminToken() + "&calls/"
                    + call.call().id());

            assertThat(page.locator(".story")).containsText(call.call().id().toString());
            page.locator(".story summary").first().click();
            assertThat(page.locator(".story pre").first()).containsText("\"content\": \"hello\"");
            shoot(page, "call-contents-light");
        }
    }

    @Order(7)
    @Test
    void showsNamesAsTextWhateverTheySay() throws Exception {
        record(calls().withModel("<img src=x onerror=document.title=1>")
                .withTask("<b>bold</b>")
                .next());
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            Page page = open(context);

            assertThat(page.locator("tbody .task", new Page.LocatorOptions().setHasText("<b>bold</b>")))
                    .isVisible();
            assertThat(page.locator("tbody img")).hasCount(0);
            assertThat(page).hasTitle("Understudy");
        }
    }

    @Order(8)
    @Test
    void holdsTheListStillOnRequest() throws Exception {
        fill();
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            Page page = open(context);
            assertThat(page.locator("tbody tr").first()).isVisible();
            assertThat(page.locator(".link")).hasText("live");
            page.keyboard().press("p");
            assertThat(page.locator(".holding")).containsText("nothing new yet");
            String first = page.locator("tbody tr").first().getAttribute("data-id");

            record(calls().withTask("held-back").next());

            assertThat(page.locator(".holding")).containsText("1 new call");
            assertThat(page.locator("tbody tr").first()).hasAttribute("data-id", first);
            page.keyboard().press("p");
            assertThat(page.locator("tbody tr").first()).containsText("held-back");
        }
    }

    @Order(9)
    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void fitsANarrowScreen(ColorScheme scheme) throws Exception {
        fill();
        try (BrowserContext context = context(scheme, 390, 844)) {
            Page page = open(context);

            assertThat(page.locator("tbody tr").first()).isVisible();
            assertThat(page.evaluate("() => document.scrollingElement.scrollWidth"))
                    .isEqualTo(390);
            assertReadable(page);
            shoot(page, "narrow-" + name(scheme));
        }
    }

    @Order(10)
    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void saysHowToGetALinkWithoutOne(ColorScheme scheme) {
        try (BrowserContext context = context(scheme, 1440, 900)) {
            Page page = context.newPage();
            watch(page);
            page.navigate(door.toString());

            assertThat(page.locator("h1")).hasText("This page opens with a link");
            assertThat(page.locator(".command")).containsText("./understudy link");
            assertReadable(page);
            shoot(page, "locked-" + name(scheme));
        }
    }

    @Order(11)
    @Test
    void saysThatALinkIsNoLongerGoodAndTakesANewOne() throws Exception {
        try (BrowserContext context = context(ColorScheme.LIGHT, 1440, 900)) {
            Page page = context.newPage();
            page.navigate(door + "#token=wrong");
            assertThat(page.locator("h1")).hasText("This link is no longer good");

            page.navigate(door + "#token=" + folder.adminToken());

            assertThat(page.locator(".link")).hasText("live");
            assertThat(page).hasURL(door.toString());
        }
    }

    @Order(12)
    @Test
    void switchesSmallModelsOffAndOn() throws Exception {
        try (BrowserContext context = context(ColorScheme.DARK, 1440, 900)) {
            Page page = open(context);
            Locator knob = page.locator(".switch");
            assertThat(knob).hasText("small models on");

            knob.click();

            assertThat(knob).hasText("small models off");
            assertThat(knob).hasAttribute("aria-checked", "false");
            assertThat(page.locator(".notices")).containsText("Small models are switched off: by admin");
            assertReadable(page);
            shoot(page, "switched-off");
            knob.click();
            assertThat(knob).hasText("small models on");
            assertThat(page.locator(".notices")).not().containsText("switched off");
        }
    }

    /** A call of each sort, once for all tests. */
    private void fill() {
        if (capture.state().written() >= 20) {
            return;
        }
        Instant now = Instant.now();
        for (int n = 0; n < 20; n++) {
            SampleCalls some = SampleCalls.at(now.minusSeconds(n * 3L)).withLatency(90_000L + n * 137_000L);
            SampleCalls small = some.withTier(Tier.SLM)
                    .withTask("sort-mail")
                    .withCost(new BigDecimal("0.0000041"), new BigDecimal("0.0021"));
            record(
                    switch (n % 6) {
                        case 0, 3, 4 -> small.next();
                        case 1 -> some.withTask("plan-the-week").next();
                        case 2 ->
                            n == 2
                                    ? some.withOutcome(Interaction.Outcome.DENIED, 403)
                                            .next()
                                    : some.withTask(null).next();
                        default ->
                            n == 5
                                    ? some.withOutcome(Interaction.Outcome.FAILED, 502)
                                            .next()
                                    : some.withOutcome(Interaction.Outcome.CLIENT_GONE, 200)
                                            .next();
                    });
        }
    }

    private String baseUrl() {
        return "http://localhost:" + agents.port() + "/v1";
    }

    private static SampleCalls calls() {
        return SampleCalls.at(Instant.now());
    }

    /** Records a call and waits until its row is written. */
    private void record(Interaction call) {
        long before = capture.state().written();
        recorder.record(call);
        await().atMost(Duration.ofSeconds(20)).until(() -> capture.state().written() > before);
    }

    private Page open(BrowserContext context) throws StoreFailure {
        Page page = context.newPage();
        watch(page);
        page.navigate(door + "#token=" + folder.adminToken());
        assertThat(page).hasURL(door.toString());
        return page;
    }

    private void watch(Page page) {
        page.onRequest(request -> addresses.add(request.url()));
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
    }

    private BrowserContext context(ColorScheme scheme, int width, int height) {
        BrowserContext context = chromium.browser()
                .newContext(new Browser.NewContextOptions()
                        .setColorScheme(scheme)
                        .setReducedMotion(ReducedMotion.REDUCE)
                        .setViewportSize(width, height));
        context.setDefaultTimeout(PATIENCE_MILLIS);
        return context;
    }

    private void assertReadable(Page page) {
        assertThat(page.evaluate(contrast)).isEqualTo(List.of());
    }

    private static void shoot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(SCREENSHOTS.resolve(name + ".png")));
    }

    private static String name(ColorScheme scheme) {
        return scheme.name().toLowerCase(Locale.ROOT);
    }
}
