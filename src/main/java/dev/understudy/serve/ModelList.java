package dev.understudy.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.understudy.call.Tier;
import dev.understudy.model.ModelCard;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;

/** Writes models as OpenAI's list has them. */
final class ModelList {
    private static final JsonFactory JSON = new JsonFactory();

    private final long created;

    /**
     * @param created shown for every model, since files say no date: when the door opened
     */
    ModelList(Instant created) {
        this.created = created.getEpochSecond();
    }

    /** {@code {"object":"list","data":[...]}}. */
    Buffer list(List<ModelCard> cards) {
        return written(json -> {
            json.writeStartObject();
            json.writeStringField("object", "list");
            json.writeArrayFieldStart("data");
            for (ModelCard card : cards) {
                model(json, card);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** One model. */
    Buffer one(ModelCard card) {
        return written(json -> model(json, card));
    }

    private void model(JsonGenerator json, ModelCard card) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", card.name());
        json.writeStringField("object", "model");
        json.writeNumberField("created", created);
        json.writeStringField("owned_by", card.tier() == Tier.SLM ? "understudy" : "upstream");
        json.writeEndObject();
    }

    private static Buffer written(Writing writing) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            writing.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        return Buffer.buffer(out.toByteArray());
    }

    /** What is written. */
    private interface Writing {
        void write(JsonGenerator json) throws IOException;
    }
}
