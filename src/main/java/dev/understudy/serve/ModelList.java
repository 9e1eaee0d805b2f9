package dev.understudy.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.understudy.call.Tier;
import dev.understudy.model.ListedModel;
import dev.understudy.model.ModelCard;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Writes models as OpenAI's list has them; what an upstream says of its own goes on as it came. */
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
    Buffer list(ModelNames names) {
        return written(json -> {
            json.writeStartObject();
            json.writeStringField("object", "list");
            json.writeArrayFieldStart("data");
            for (ModelCard card : names.own()) {
                model(json, card);
            }
            for (ListedModel model : names.passed()) {
                json.writeRawValue(model.json().toString());
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** The one of that name, or null when there is none. */
    @Nullable
    Buffer one(ModelNames names, String id) {
        for (ModelCard card : names.own()) {
            if (card.name().equals(id)) {
                return written(json -> model(json, card));
            }
        }
        for (ListedModel model : names.passed()) {
            if (model.id().equals(id)) {
                return model.json();
            }
        }
        return null;
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
