package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a trial of the plug-in in another process has come to.
 *
 * @param good whether it may be loaded into this process
 * @param reason why not, beginning with {@code cuda: }; empty when good
 * @param devices the GPUs that were tried, each by what the driver calls it
 */
record CudaVerdict(boolean good, String reason, List<String> devices) {
    private static final int MAX_REASON = 400;

    CudaVerdict {
        devices = List.copyOf(devices);
        if (good == devices.isEmpty() || good != reason.isEmpty()) {
            throw new IllegalArgumentException("a good verdict has devices, a bad one a reason");
        }
    }

    static CudaVerdict good(List<String> devices) {
        return new CudaVerdict(true, "", devices);
    }

    /** One line, cut to 400 characters. */
    static CudaVerdict bad(String reason) {
        String line = reason.strip().replaceAll("\\s+", " ");
        String begun = line.startsWith("cuda: ") ? line : "cuda: " + line;
        return new CudaVerdict(false, begun.substring(0, Math.min(begun.length(), MAX_REASON)), List.of());
    }

    /** Reads the last line of the probe; bad when it says anything but that all went well. */
    static CudaVerdict of(JsonNode line) {
        if (!line.path("good").asBoolean()) {
            return bad(line.path("reason").asText("the probe gave no reason"));
        }
        List<String> devices = new ArrayList<>();
        line.path("devices")
                .forEach(device -> devices.add(device.path("description").asText()));
        return devices.isEmpty() ? bad("the probe tried no device") : good(devices);
    }
}
