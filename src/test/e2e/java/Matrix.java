import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseStreamEvent;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The clients for Java, one after the other, through all cells of the matrix: see matrix.py. Run from its source, with the jars of the pom
 * beside it: {@code java -cp 'lib/*' Matrix.java BASE_URL UPSTREAM_URL MODEL APIS}, the APIs with commas between.
 */
final class Matrix {
    static final String TEXT = "The sky is blue.";
    static final String WEATHER = "get_weather {\"city\":\"Paris\"}";
    static final String SKY = "{\"colour\":\"blue\",\"sure\":true}";
    static final String CUT = "upstream_stream_truncated";
    static final Map<String, Object> CITY = Map.of("city", Map.of("type", "string"));

    private final String upstream;

    Matrix(String upstream) {
        this.upstream = upstream;
    }

    /** What is asked of a client; each ends in its value or in one of its errors. */
    interface Client {
        String name();

        String version();

        String chat(String prompt) throws Exception;

        String stream(String prompt) throws Exception;

        String tool(String prompt) throws Exception;

        String toolStream(String prompt) throws Exception;

        String schema(String prompt) throws Exception;

        void cancel(String prompt) throws Exception;

        /** The status and the code of one of its own errors; null of any other. */
        Failure failure(Exception error);
    }

    record Failure(int status, String says) {}

    public static void main(String[] arguments) throws Exception {
        var matrix = new Matrix(arguments[1]);
        List<String> apis = List.of(arguments[3].split(","));
        Stream.of(
                        new OpenaiChat(arguments[0], arguments[2]),
                        new OpenaiResponses(arguments[0], arguments[2]),
                        new Langchain4j(arguments[0], arguments[2]))
                .filter(client -> apis.contains(client.name().split(", ")[1]))
                .forEach(matrix::run);
        System.exit(0); // idle threads of the clients' pools would stay a while
    }

    private void run(Client client) {
        String left = "cancel-" + client.name().toLowerCase(Locale.ROOT).replaceAll("[ ,]+", "-");
        var cells = new LinkedHashMap<String, Callable<String>>();
        cells.put("chat", () -> same(client.chat(ask("")), TEXT));
        cells.put("stream", () -> same(client.stream(ask("")), TEXT));
        cells.put("tools", () -> same(client.tool(ask("")), WEATHER));
        cells.put("tools streamed", () -> same(client.toolStream(ask("")), WEATHER));
        cells.put("JSON schema", () -> same(client.schema(ask("")), SKY));
        cells.put("429", () -> fails(client, () -> client.chat(ask("fault=429")), 429, ""));
        cells.put("500", () -> fails(client, () -> client.stream(ask("fault=500")), 500, ""));
        cells.put("document cut", () -> fails(client, () -> client.chat(ask("fault=cut")), 502, ""));
        cells.put("stream ends early", () -> fails(client, () -> client.stream(ask("fault=end")), 0, CUT));
        cells.put("cut in an event", () -> fails(client, () -> client.stream(ask("fault=cut")), 0, CUT));
        cells.put("reset", () -> fails(client, () -> client.stream(ask("fault=reset")), 0, CUT));
        cells.put("cut in a call", () -> fails(client, () -> client.toolStream(ask("fault=end")), 0, CUT));
        cells.put("error in stream", () -> fails(client, () -> client.stream(ask("fault=error")), 0, "server_error"));
        cells.put("cancel", () -> {
            client.cancel(ask("gap=50,events=100,id=" + left));
            return untilLeft(left);
        });
        cells.forEach((cell, act) -> show(client, cell, act));
    }

    private static void show(Client client, String cell, Callable<String> act) {
        boolean ok = true;
        String got;
        try {
            got = act.call();
        } catch (Exception e) {
            ok = false;
            got = String.valueOf(e);
        }
        System.out.printf(
                "{\"client\": %s, \"version\": %s, \"cell\": %s, \"ok\": %s, \"got\": %s}%n",
                quoted(client.name()), quoted(client.version()), quoted(cell), ok, quoted(got));
    }

    private static String quoted(String text) {
        String safe = text.substring(0, Math.min(text.length(), 300)).replace("\\", "\\\\").replace("\"", "\\\"");
        return '"' + safe.replaceAll("\\p{Cntrl}+", " ") + '"';
    }

    private static String ask(String plan) {
        String text = "Which colour is the sky? And the weather in Paris?";
        return plan.isEmpty() ? text : text + " scripted{" + plan + "}";
    }

    private static String same(String got, String expected) {
        if (!got.equals(expected)) {
            throw new IllegalStateException(got + " is not " + expected);
        }
        return "ok";
    }

    /** An act that must end in one of the client's own errors, with this status or else this code; the error's name. */
    private static String fails(Client client, Callable<String> act, int status, String code) throws Exception {
        String got;
        try {
            got = act.call();
        } catch (Exception e) {
            Failure failure = client.failure(e);
            if (failure == null || (status != 0 ? failure.status() != status : !failure.says().contains(code))) {
                throw new IllegalStateException("not what it should say: " + e, e);
            }
            return e.getClass().getSimpleName();
        }
        throw new IllegalStateException("no error, but " + got);
    }

    private String untilLeft(String name) throws IOException, InterruptedException {
        String call = "";
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(upstream + "/calls/" + name)).build();
            for (int i = 0; i < 40; i++) {
                call = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
                if (call.matches(".*\"closed\": \\d+.*")) {
                    return "upstream left";
                }
                Thread.sleep(50);
            }
        }
        throw new IllegalStateException("upstream goes on: " + call);
    }

    /** The official client. */
    private abstract static class Openai implements Client {
        final OpenAIClient client;
        final String model;

        Openai(String baseUrl, String model) {
            this.model = model;
            client = OpenAIOkHttpClient.builder()
                    .baseUrl(baseUrl)
                    .apiKey("none")
                    .maxRetries(0)
                    .build();
        }

        @Override
        public String version() {
            return System.getProperty("openai.version");
        }

        @Override
        public Failure failure(Exception error) {
            return switch (error) {
                case OpenAIServiceException e -> new Failure(e.statusCode(), e.code().orElse("") + e.getMessage());
                case OpenAIException e -> new Failure(0, String.valueOf(e.getMessage()));
                case Failed e -> new Failure(0, e.getMessage());
                default -> null;
            };
        }
    }

    /** A typed event of the Responses API that says that it failed: what this client shows instead of an error. */
    private static final class Failed extends Exception {
        private static final long serialVersionUID = 1L;

        Failed(String code) {
            super(code);
        }
    }

    private static final class OpenaiChat extends Openai {
        OpenaiChat(String baseUrl, String model) {
            super(baseUrl, model);
        }

        @Override
        public String name() {
            return "openai java, chat";
        }

        private ChatCompletionCreateParams.Builder request(String prompt) {
            return ChatCompletionCreateParams.builder().model(model).addUserMessage(prompt);
        }

        private ChatCompletionCreateParams.Builder withTool(String prompt) {
            var parameters = FunctionParameters.builder()
                    .putAdditionalProperty("type", JsonValue.from("object"))
                    .putAdditionalProperty("properties", JsonValue.from(CITY))
                    .build();
            return request(prompt)
                    .addTool(ChatCompletionFunctionTool.builder()
                            .function(FunctionDefinition.builder()
                                    .name("get_weather")
                                    .parameters(parameters)
                                    .build())
                            .build());
        }

        private static String text(ChatCompletion answer) {
            return answer.choices().getFirst().message().content().orElse("");
        }

        private static String call(ChatCompletion answer) {
            return answer.choices().getFirst().message().toolCalls().orElse(List.of()).stream()
                    .map(call -> call.asFunction().function().name() + " "
                            + call.asFunction().function().arguments())
                    .collect(Collectors.joining());
        }

        private ChatCompletion gathered(ChatCompletionCreateParams request) {
            var all = ChatCompletionAccumulator.create();
            try (StreamResponse<ChatCompletionChunk> chunks =
                    client.chat().completions().createStreaming(request)) {
                chunks.stream().forEach(all::accumulate);
            }
            return all.chatCompletion();
        }

        @Override
        public String chat(String prompt) {
            return text(client.chat().completions().create(request(prompt).build()));
        }

        @Override
        public String stream(String prompt) {
            return text(gathered(request(prompt).build()));
        }

        @Override
        public String tool(String prompt) {
            return call(client.chat().completions().create(withTool(prompt).build()));
        }

        @Override
        public String toolStream(String prompt) {
            return call(gathered(withTool(prompt).build()));
        }

        @Override
        public String schema(String prompt) {
            Sky sky = client.chat()
                    .completions()
                    .create(request(prompt).responseFormat(Sky.class).build())
                    .choices()
                    .getFirst()
                    .message()
                    .content()
                    .orElseThrow();
            return "{\"colour\":\"%s\",\"sure\":%s}".formatted(sky.colour, sky.sure);
        }

        @Override
        public void cancel(String prompt) {
            try (StreamResponse<ChatCompletionChunk> chunks =
                    client.chat().completions().createStreaming(request(prompt).build())) {
                chunks.stream().findFirst().orElseThrow();
            }
        }
    }

    /** What structured output is read into; the client makes the schema from it. */
    public static final class Sky {
        public String colour;
        public boolean sure;
    }

    private static final class OpenaiResponses extends Openai {
        OpenaiResponses(String baseUrl, String model) {
            super(baseUrl, model);
        }

        @Override
        public String name() {
            return "openai java, responses";
        }

        private ResponseCreateParams.Builder request(String prompt) {
            return ResponseCreateParams.builder().model(model).input(prompt);
        }

        private ResponseCreateParams.Builder withTool(String prompt) {
            var parameters = FunctionTool.Parameters.builder()
                    .putAdditionalProperty("type", JsonValue.from("object"))
                    .putAdditionalProperty("properties", JsonValue.from(CITY))
                    .build();
            return request(prompt)
                    .addTool(FunctionTool.builder()
                            .name("get_weather")
                            .parameters(parameters)
                            .strict(false)
                            .build());
        }

        private static String text(Response answer) {
            return answer.output().stream()
                    .flatMap(item -> item.message().stream())
                    .flatMap(message -> message.content().stream())
                    .map(content -> content.asOutputText().text())
                    .collect(Collectors.joining());
        }

        private static String call(Response answer) {
            ResponseFunctionToolCall call = answer.output().getFirst().asFunctionCall();
            return call.name() + " " + call.arguments();
        }

        private Response gathered(ResponseCreateParams request) throws Failed {
            try (StreamResponse<ResponseStreamEvent> events = client.responses().createStreaming(request)) {
                for (ResponseStreamEvent event : (Iterable<ResponseStreamEvent>) events.stream()::iterator) {
                    if (event.isError()) {
                        throw new Failed(event.asError().code().orElse(""));
                    }
                    if (event.isFailed()) {
                        throw new Failed(String.valueOf(event.asFailed().response().error()));
                    }
                    if (event.isCompleted()) {
                        return event.asCompleted().response();
                    }
                }
            }
            throw new IllegalStateException("the stream ended without a terminal event and without an error");
        }

        @Override
        public String chat(String prompt) {
            return text(client.responses().create(request(prompt).build()));
        }

        @Override
        public String stream(String prompt) throws Failed {
            return text(gathered(request(prompt).build()));
        }

        @Override
        public String tool(String prompt) {
            return call(client.responses().create(withTool(prompt).build()));
        }

        @Override
        public String toolStream(String prompt) throws Failed {
            return call(gathered(withTool(prompt).build()));
        }

        @Override
        public String schema(String prompt) {
            Sky sky = client.responses().create(request(prompt).text(Sky.class).build()).output().stream()
                    .flatMap(item -> item.message().stream())
                    .flatMap(message -> message.content().stream())
                    .map(content -> content.asOutputText())
                    .findFirst()
                    .orElseThrow();
            return "{\"colour\":\"%s\",\"sure\":%s}".formatted(sky.colour, sky.sure);
        }

        @Override
        public void cancel(String prompt) {
            try (StreamResponse<ResponseStreamEvent> events =
                    client.responses().createStreaming(request(prompt).build())) {
                events.stream().findFirst().orElseThrow();
            }
        }
    }

    private static final class Langchain4j implements Client {
        private final OpenAiChatModel model;
        private final OpenAiStreamingChatModel streaming;

        Langchain4j(String baseUrl, String name) {
            model = OpenAiChatModel.builder()
                    .baseUrl(baseUrl)
                    .apiKey("none")
                    .modelName(name)
                    .maxRetries(0)
                    .build();
            streaming = OpenAiStreamingChatModel.builder()
                    .baseUrl(baseUrl)
                    .apiKey("none")
                    .modelName(name)
                    .build();
        }

        @Override
        public String name() {
            return "langchain4j, chat";
        }

        @Override
        public String version() {
            return System.getProperty("langchain4j.version");
        }

        private static ChatRequest.Builder request(String prompt) {
            return ChatRequest.builder().messages(UserMessage.from(prompt));
        }

        private static ChatRequest withTool(String prompt) {
            var parameters = JsonObjectSchema.builder().addStringProperty("city").required("city").build();
            return request(prompt)
                    .toolSpecifications(ToolSpecification.builder()
                            .name("get_weather")
                            .parameters(parameters)
                            .build())
                    .build();
        }

        private static String call(ChatResponse answer) {
            return answer.aiMessage().toolExecutionRequests().stream()
                    .map(call -> call.name() + " " + call.arguments())
                    .collect(Collectors.joining());
        }

        private ChatResponse gathered(ChatRequest request) throws Exception {
            var whole = new CompletableFuture<ChatResponse>();
            streaming.chat(request, new StreamingChatResponseHandler() {
                @Override
                public void onCompleteResponse(ChatResponse response) {
                    whole.complete(response);
                }

                @Override
                public void onError(Throwable error) {
                    whole.completeExceptionally(error);
                }
            });
            try {
                return whole.get(10, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
        }

        @Override
        public String chat(String prompt) {
            return model.chat(request(prompt).build()).aiMessage().text();
        }

        @Override
        public String stream(String prompt) throws Exception {
            return gathered(request(prompt).build()).aiMessage().text();
        }

        @Override
        public String tool(String prompt) {
            return call(model.chat(withTool(prompt)));
        }

        @Override
        public String toolStream(String prompt) throws Exception {
            return call(gathered(withTool(prompt)));
        }

        @Override
        public String schema(String prompt) {
            var root = JsonObjectSchema.builder()
                    .addStringProperty("colour")
                    .addBooleanProperty("sure")
                    .required("colour", "sure")
                    .build();
            var format = ResponseFormat.builder()
                    .type(ResponseFormatType.JSON)
                    .jsonSchema(JsonSchema.builder().name("sky").rootElement(root).build())
                    .build();
            return model.chat(request(prompt).responseFormat(format).build())
                    .aiMessage()
                    .text();
        }

        @Override
        public void cancel(String prompt) throws Exception {
            var left = new CompletableFuture<Void>();
            streaming.chat(request(prompt).build(), new StreamingChatResponseHandler() {
                @Override
                public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                    context.streamingHandle().cancel();
                    left.complete(null);
                }

                @Override
                public void onCompleteResponse(ChatResponse response) {
                    left.completeExceptionally(new IllegalStateException("whole"));
                }

                @Override
                public void onError(Throwable error) {
                    left.completeExceptionally(error);
                }
            });
            left.get(10, TimeUnit.SECONDS);
        }

        @Override
        public Failure failure(Exception error) {
            // What a stream ends with has no type of its own there: a plain RuntimeException that holds the error's JSON.
            boolean own = error instanceof LangChain4jException || error.getClass() == RuntimeException.class;
            int status = error.getCause() instanceof HttpException http ? http.statusCode() : 0;
            return own ? new Failure(status, String.valueOf(error.getMessage())) : null;
        }
    }
}
