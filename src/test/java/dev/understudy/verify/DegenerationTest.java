package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Call;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DegenerationTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "I'm sorry, but I can't help with that.             ; refusal",
                "I’m unable to look that up.                        ; refusal",
                "As an AI language model, I have no orders.         ; refusal",
                "We cannot refund this order, since it is too old.  ; ''",
                "<think>Let me see</think> Yes.                     ; template mark",
                "Yes.</THINK>                                       ; template mark",
                "Yes.<|endoftext|>                                  ; template mark",
                "Yes.<｜end▁of▁sentence｜>                            ; template mark",
                "[INST] Yes.                                        ; template mark",
                "Yes.<end_of_turn>                                  ; template mark",
                "Yes.</s>                                           ; template mark",
                "a <| b |> c                                        ; ''",
                "if a<b || c>d                                      ; ''",
                "List<String> and [x] and <b>bold</b>               ; ''",
                "Write to <EMAIL>.                                  ; redaction mark",
                "Write to <EMAIL_k3v9q2ma7x>.                       ; redaction mark",
                "The key is <SECRET>.                               ; redaction mark",
                "Call <PHONE>.                                      ; ''",
                "Call <PHONE_k3v9q2ma7x>.                           ; redaction mark",
                "Fill in <NAME> here.                               ; ''",
                "Fill in <IPA> here.                                ; ''",
                "and again and again and again and again and again and again and again; loop",
            })
    void whatLostModelsWriteIsTold(String text, String detail) {
        assertThat(Degeneration.lookAt(text, call()).detail()).isEqualTo(detail);
    }

    private static Call call() {
        String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Tell <PHONE> to call.\"}]}";
        try {
            return CallReader.read(
                    UUID.randomUUID(), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }
}
