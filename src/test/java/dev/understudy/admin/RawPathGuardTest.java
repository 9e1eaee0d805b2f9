package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RawPathGuardTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/?x=%2F..;//",
                "/api/calls",
                "/api/calls/01a20d61-7e1e-7848-8624-5b2921536541",
                "/api/calls?limit=5&before=..%2f",
                "/assets/index-CqjJtdxw.css",
                "/q/health/ready",
                "/api/calls/",
                "/api/teams/a%20b",
                "/api/keys/%C3%BC",
                "/.well-known/x",
                "/v1/a..b"
            })
    void letsPathsThroughThatReadOneWayOnly(String target) {
        assertThat(RawPathGuard.isPlain(target)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "http://elsewhere/api/calls",
                "//api/calls",
                "/api//calls",
                "/assets/../api/calls",
                "/assets/..",
                "/./api/calls",
                "/assets/.../api",
                "/assets%2Findex.html",
                "/assets%2f..%2fapi",
                "/assets%5Cindex.html",
                "/assets\\index.html",
                "/%2e%2e/api",
                "/api;x/calls",
                "/api%3Bx/calls",
                "/api/calls%00",
                "/api/calls%252F",
                "/api/calls%",
                "/api/calls%2",
                "/api/calls%zz",
                "/api/cälls",
                "/api/calls\u007f",
                "/api/calls#x"
            })
    void stopsPathsThatTwoReadersCouldReadDifferently(String target) {
        assertThat(RawPathGuard.isPlain(target)).isFalse();
    }
}
