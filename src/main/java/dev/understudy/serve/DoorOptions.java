package dev.understudy.serve;

import io.quarkus.tls.TlsConfiguration;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SSLOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of the agents' door's HTTP. Without TLS it speaks HTTP/1.1 only and does not hear an upgrade to HTTP/2, whose
 * body the library would lose; with TLS a client may choose HTTP/2.
 */
final class DoorOptions {
    private static final int HEADER_BYTES = 64 << 10;
    private static final int LINE_BYTES = 8 << 10;
    /** Longer than any answer may be silent, so that only dead connections meet it. */
    private static final int IDLE_SECONDS = 660;
    /** Calls at a time on one HTTP/2 connection; the stream after that is refused. */
    private static final int STREAMS = 100;
    /** Streams that one connection may reset in half a minute; more is an attack (CVE-2023-44487), and ends it. */
    private static final int RESETS = 200;

    private static final int RESET_SECONDS = 30;

    private DoorOptions() {}

    static HttpServerOptions of(@Nullable TlsConfiguration tls) {
        HttpServerOptions options = new HttpServerOptions()
                .setTcpNoDelay(true)
                .setReuseAddress(true)
                .setHttp2ClearTextEnabled(false)
                .setMaxHeaderSize(HEADER_BYTES)
                .setMaxInitialLineLength(LINE_BYTES)
                .setMaxChunkSize(HEADER_BYTES)
                .setIdleTimeout(IDLE_SECONDS)
                .setCompressionSupported(false);
        return tls == null ? options : secured(options, tls);
    }

    private static HttpServerOptions secured(HttpServerOptions options, TlsConfiguration tls) {
        SSLOptions ssl = tls.getSSLOptions();
        ssl.getEnabledCipherSuites().forEach(options::addEnabledCipherSuite);
        ssl.getCrlPaths().forEach(options::addCrlPath);
        ssl.getCrlValues().forEach(options::addCrlValue);
        return options.setSsl(true)
                .setKeyCertOptions(tls.getKeyStoreOptions())
                .setEnabledSecureTransportProtocols(ssl.getEnabledSecureTransportProtocols())
                .setSslHandshakeTimeout(ssl.getSslHandshakeTimeout())
                .setSslHandshakeTimeoutUnit(ssl.getSslHandshakeTimeoutUnit())
                .setSni(tls.usesSni())
                .setUseAlpn(true)
                .setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1))
                .setInitialSettings(
                        new Http2Settings().setMaxConcurrentStreams(STREAMS).setMaxHeaderListSize(HEADER_BYTES))
                .setHttp2RstFloodMaxRstFramePerWindow(RESETS)
                .setHttp2RstFloodWindowDuration(RESET_SECONDS)
                .setHttp2RstFloodWindowDurationTimeUnit(TimeUnit.SECONDS);
    }
}
