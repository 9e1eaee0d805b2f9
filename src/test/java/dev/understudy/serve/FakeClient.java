package dev.understudy.serve;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A client without a socket: keeps what it is sent. On one event loop. */
final class FakeClient {
    final MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    final StringBuilder body = new StringBuilder();
    final ClientAnswer answer;
    int status = 200;
    int ends;
    boolean gone;

    FakeClient(UUID id) {
        HttpServerResponse out = (HttpServerResponse) Proxy.newProxyInstance(
                FakeClient.class.getClassLoader(),
                new Class<?>[] {HttpServerResponse.class},
                (self, method, given) -> told(self, method.getName(), given == null ? new Object[0] : given));
        this.answer = new ClientAnswer(out, id);
    }

    private @Nullable Object told(Object self, String method, Object[] given) {
        return switch (method) {
            case "putHeader" -> {
                headers.set(given[0].toString(), given[1].toString());
                yield self;
            }
            case "setStatusCode" -> {
                status = (Integer) given[0];
                yield self;
            }
            case "setChunked", "setWriteQueueMaxSize", "drainHandler" -> self;
            case "headers" -> headers;
            case "headWritten" -> body.length() > 0 || ends > 0;
            case "writeQueueFull" -> false;
            case "write" -> take(given);
            case "end" -> {
                ends++;
                yield take(given);
            }
            case "reset" -> true;
            case "toString" -> "FakeClient";
            default -> throw new UnsupportedOperationException(method);
        };
    }

    private Future<Void> take(Object[] given) {
        if (gone) {
            return Future.failedFuture(new IOException("the client has left"));
        }
        if (given.length > 0 && given[0] instanceof Buffer bytes) {
            body.append(bytes);
        }
        return Future.succeededFuture();
    }
}
