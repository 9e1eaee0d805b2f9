package dev.understudy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class SettingsTest {

    @Test
    void aSystemPropertyBeatsTheEnvironmentAndThatBeatsTheJar() throws Exception {
        var system = properties("understudy.listen", "127.0.0.1:1");
        var jar = properties("understudy.listen", "127.0.0.1:3");
        Map<String, String> environment = Map.of("UNDERSTUDY_LISTEN", "127.0.0.1:2");

        assertThat(Settings.of(system, environment, jar).agentsDoor().port()).isEqualTo(1);
        assertThat(Settings.of(new Properties(), environment, jar).agentsDoor().port())
                .isEqualTo(2);
        assertThat(Settings.of(new Properties(), Map.of(), jar).agentsDoor().port())
                .isEqualTo(3);
    }

    @Test
    void theVariableOfASettingFollowsTheMicroProfileRule() {
        assertThat(Settings.variable("quarkus.datasource.jdbc.url")).isEqualTo("QUARKUS_DATASOURCE_JDBC_URL");
        assertThat(Settings.variable("understudy.policy.cold-start")).isEqualTo("UNDERSTUDY_POLICY_COLD_START");
    }

    @Test
    void aBlankSettingCountsAsLeftOut() {
        var settings = Settings.of(new Properties(), Map.of("UNDERSTUDY_DATA", " "), new Properties());

        assertThat(settings.optional("understudy.data")).isEmpty();
        assertThatThrownBy(() -> settings.folder("understudy.data"))
                .isInstanceOf(StartFailure.class)
                .hasMessage("understudy.data must not be empty (environment: UNDERSTUDY_DATA)");
    }

    @Test
    void anAddressThatMeansAllIsReachedOverLoopback() throws StartFailure {
        assertThat(Settings.url(Address.parse("x", "0.0.0.0:8080"))).hasToString("http://127.0.0.1:8080");
        assertThat(Settings.url(Address.parse("x", "[::]:8080"))).hasToString("http://[::1]:8080");
        assertThat(Settings.url(Address.parse("x", "[fe80::1]:80"))).hasToString("http://[fe80::1]:80");
    }

    @Test
    void anAddressThatCannotBeReadNamesItsSetting() {
        for (String wrong : new String[] {"", "8080", ":8080", "host:", "host:x", "host:70000", "host:-1"}) {
            assertThatThrownBy(() -> Address.parse("understudy.listen", wrong))
                    .isInstanceOf(StartFailure.class)
                    .hasMessage("understudy.listen must be host:port such as 127.0.0.1:8080, was '" + wrong + "'");
        }
    }

    @Test
    void aTakenPortIsToldWithTheRemedy() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var address = new Address("127.0.0.1", taken.getLocalPort());

            assertThatThrownBy(() -> address.mustBeFree("the agents' door", "UNDERSTUDY_LISTEN=host:port"))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageStartingWith("the agents' door cannot listen on 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageEndingWith("or set UNDERSTUDY_LISTEN=host:port");
        }
    }

    @Test
    void theInnermostCauseIsTheLineThatAPersonReads() {
        var failure = new RuntimeException("outer", new IllegalStateException("first\n  second"));

        assertThat(FailureLine.of(failure)).isEqualTo("the start failed: first second");
        assertThat(FailureLine.of(new RuntimeException())).isEqualTo("the start failed: RuntimeException");
        assertThat(FailureLine.of(new RuntimeException(new SQLException("attempt", new ConnectException("refused")))))
                .startsWith("PostgreSQL cannot be used (refused): see QUARKUS_DATASOURCE_JDBC_URL");
    }

    private static Properties properties(String name, String value) {
        var properties = new Properties();
        properties.setProperty(name, value);
        return properties;
    }
}
