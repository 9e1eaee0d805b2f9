package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.slm.DeviceChoice.Gpu;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {
    private static final List<Gpu> TWO = List.of(new Gpu(0, 3_900_000_000L), new Gpu(1, 2_000_000_000L));

    @Test
    void theFreestIsTaken() {
        assertThat(DeviceChoice.among(TWO, "auto", 1_000_000_000)).isEqualTo(new DeviceChoice("cuda:0", ""));
        assertThat(DeviceChoice.among(TWO.reversed(), "cuda", 1_000_000_000).device())
                .isEqualTo("cuda:0");
        List<Gpu> alike = List.of(new Gpu(0, 5), new Gpu(1, 5));
        assertThat(DeviceChoice.among(alike, "auto", 1).device()).isEqualTo("cuda:0");
    }

    @Test
    void theNamedOneIsTakenThoughAnotherIsFreer() {
        assertThat(DeviceChoice.among(TWO, "cuda:1", 1_000_000_000)).isEqualTo(new DeviceChoice("cuda:1", ""));
    }

    @Test
    void aTenthMoreThanTheNeedMustBeFree() {
        List<Gpu> one = List.of(new Gpu(0, 1_100));
        assertThat(DeviceChoice.among(one, "auto", 1_000).isGpu()).isTrue();
        assertThat(DeviceChoice.among(one, "auto", 1_001).isGpu()).isFalse();
    }

    @Test
    void tooLittleMemoryIsSaidInNumbers() {
        assertThat(DeviceChoice.among(TWO, "auto", 4_636_000_000L))
                .isEqualTo(new DeviceChoice("cpu", "cuda: needs 5.1 GB, largest free is 3.9 GB"));
        assertThat(DeviceChoice.among(TWO, "cuda:1", 4_636_000_000L).reason())
                .isEqualTo("cuda: needs 5.1 GB, free on cuda:1 is 2.0 GB");
    }

    @Test
    void whatIsSmallIsSaidInMegabytes() {
        List<Gpu> one = List.of(new Gpu(0, 99_600_000));
        assertThat(DeviceChoice.among(one, "auto", 100_000_000).reason())
                .isEqualTo("cuda: needs 110 MB, largest free is 100 MB");
    }

    @Test
    void aDeviceThatIsNotThereIsSaid() {
        assertThat(DeviceChoice.among(TWO, "cuda:2", 1))
                .isEqualTo(new DeviceChoice("cpu", "cuda: there is no device cuda:2, the last is cuda:1"));
    }
}
