package dev.understudy.testing;

import io.quarkus.tls.TlsConfiguration;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.KeyStoreOptions;
import io.vertx.core.net.SSLOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for this machine, signed by itself and made for one test by the JDK's own tool. */
public final class OwnCertificate implements TlsConfiguration {
    private static final String PASSWORD = "changeit";

    private final Path store;

    /**
     * @param folder where its file is put
     */
    public OwnCertificate(Path folder) throws IOException, InterruptedException {
        store = folder.resolve("own.p12");
        Process made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "own",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (made.waitFor() != 0) {
            throw new IOException("keytool failed");
        }
    }

    /** For clients that trust this certificate and no other. */
    public SSLContext trusting() throws GeneralSecurityException, IOException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(getTrustStore());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    @Override
    public KeyStore getKeyStore() {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            return keys;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public KeyCertOptions getKeyStoreOptions() {
        return options();
    }

    @Override
    public KeyStore getTrustStore() {
        KeyStore keys = getKeyStore();
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("own", keys.getCertificate("own"));
            return trusted;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public TrustOptions getTrustStoreOptions() {
        return options();
    }

    @Override
    public SSLOptions getSSLOptions() {
        return new SSLOptions().setKeyCertOptions(options());
    }

    @Override
    public SSLContext createSSLContext() throws GeneralSecurityException, IOException {
        return trusting();
    }

    @Override
    public boolean isTrustAll() {
        return false;
    }

    @Override
    public Optional<String> getHostnameVerificationAlgorithm() {
        return Optional.empty();
    }

    @Override
    public boolean usesSni() {
        return false;
    }

    @Override
    public boolean reload() {
        return false;
    }

    private KeyStoreOptions options() {
        return new KeyStoreOptions().setType("PKCS12").setPath(store.toString()).setPassword(PASSWORD);
    }
}
