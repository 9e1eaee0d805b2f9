package dev.understudy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretMaskTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "sk-proj-Ab3dEf6hIj9kLmN0pQrStUvWxYz",
                "sk-ant-api03-Zz9yXx8wVv7uTt6sRr5q-Qp4oNn3m",
                "usk_9fK2mQ7x_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6",
                "AKIAIOSFODNN7QRTZWXY",
                "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
                "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwx",
                "glpat-ABCdefGHIjklMNOpqrST",
                "xoxb-123456789012-abcdefGHIJKL",
                "AIzaSyA1234567890abcdefghijklmnopqrstuv",
                "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
                "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
            })
    void masksTheFormsOfProviders(String secret) {
        SecretMask.Masked masked = SecretMask.mask("please use " + secret + " for it");
        assertThat(masked.text()).isEqualTo("please use <SECRET> for it");
        assertThat(masked.count()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password: Sommer2024!x",
                "DB_PASSWORD=Sommer2024!x",
                "\"client_secret\": \"Sommer2024!x\"",
                "{\\\"apiKey\\\":\\\"Sommer2024!x\\\"}",
                "the password is Sommer2024!x",
                "aws_secret_access_key = Sommer2024!x"
            })
    void masksWhatATellingWordNames(String text) {
        assertThat(SecretMask.mask(text).text()).isEqualTo(text.replace("Sommer2024!x", "<SECRET>"));
    }

    @Test
    void masksAPrivateKeyWhole() {
        String pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+A=\nq1w2e3\n-----END RSA PRIVATE KEY-----";
        assertThat(SecretMask.mask("key:\n" + pem + "\ndone").text()).isEqualTo("key:\n<SECRET>\ndone");
        assertThat(SecretMask.mask(pem.replace("\n", "\\n")).text()).isEqualTo("<SECRET>");
        assertThat(SecretMask.mask("-----BEGIN PRIVATE KEY-----\nMIIEow/+A=\nq1w2")
                        .text())
                .as("cut off before its end")
                .isEqualTo("<SECRET>");
    }

    @Test
    void masksThePasswordInAUrlAndTheBearerOfAHeader() {
        assertThat(SecretMask.mask("postgresql://app:s3cr3t@db:5432/x").text())
                .isEqualTo("postgresql://app:<SECRET>@db:5432/x");
        assertThat(SecretMask.mask("curl -H 'Authorization: Bearer aB3dE6fG9hJ2kL5m'")
                        .text())
                .isEqualTo("curl -H 'Authorization: Bearer <SECRET>'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "The password is required before you go on.",
                "password: your_password_here",
                "api_key: ${OPENAI_API_KEY}",
                "token: classification",
                "The access token is described in section 4.",
                "max_tokens: 4096",
                "\"tokenizer\": \"cl100k\"",
                "risk-based approach to task-oriented work",
                "call_a8Fh3kLm9QwErTyUiOpAsDfG",
                "secret = <SECRET>",
                "https://example.com:8080/path?x=1"
            })
    void leavesOrdinaryTextAlone(String text) {
        assertThat(SecretMask.mask(text)).isEqualTo(new SecretMask.Masked(text, 0));
    }

    @Test
    void findsTheSecretThatAnotherOneHid() {
        String text = "AKIAIOSFODNN7QRTZWXY sk-AKIAIOSFODNN7QRTZWXYsk-aaaaaaaaaaaaaaaaaaaaaaaa";
        SecretMask.Masked once = SecretMask.mask(text);
        assertThat(once.text()).doesNotContain("AKIA").doesNotContain("aaaa");
        assertThat(SecretMask.mask(once.text())).isEqualTo(new SecretMask.Masked(once.text(), 0));
    }
}
