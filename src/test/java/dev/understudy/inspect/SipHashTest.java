package dev.understudy.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SipHashTest {
    @Test
    void agreesWithTheVectorsOfItsAuthors() {
        SipHash hash = new SipHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

        // Inputs of 0, 2, 8 and 14 bytes, 00 01 02 ..., under the key of the paper's appendix A.
        assertThat(hash.hash("")).isEqualTo(0x726fdb47dd0e0e31L);
        assertThat(hash.hash("\u0100")).isEqualTo(0x0d6c8009d9a94f5aL);
        assertThat(hash.hash("\u0100\u0302\u0504\u0706")).isEqualTo(0x93f5f5799a932462L);
        assertThat(hash.hash("\u0100\u0302\u0504\u0706\u0908\u0b0a\u0d0c")).isEqualTo(0xf723ca908e7af2eeL);
    }
}
