package dev.understudy.testing;

/** Chunks and documents as OpenAI's, for scripts; texts need no escaping. */
public final class Chunks {
    private static final String START =
            "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-2026\",";

    private Chunks() {}

    public static String role() {
        return START
                + "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
                + "\"logprobs\":null,\"finish_reason\":null}]}";
    }

    public static String content(String text) {
        return START + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text
                + "\"},\"logprobs\":null,\"finish_reason\":null}]}";
    }

    public static String finish(String reason) {
        return START + "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"" + reason
                + "\"}]}";
    }

    public static String usage(int input, int output) {
        return START + "\"choices\":[],\"usage\":" + tokens(input, output) + "}";
    }

    /** A whole answer. */
    public static String document(String text, int input, int output) {
        return "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m-2026\",\"choices\":[{"
                + "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + text
                + "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":"
                + tokens(input, output)
                + "}";
    }

    private static String tokens(int input, int output) {
        return "{\"prompt_tokens\":" + input + ",\"completion_tokens\":" + output + ",\"total_tokens\":"
                + (input + output) + "}";
    }
}
