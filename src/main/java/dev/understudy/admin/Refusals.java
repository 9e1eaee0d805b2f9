package dev.understudy.admin;

import com.fasterxml.jackson.core.JacksonException;
import dev.understudy.openai.ApiFailure;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Path;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.Comparator;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns what went wrong on the people's door into a {@link Refusal}: inside resources, and where none was reached. */
@Singleton
class Refusals {
    private static final Logger LOG = Logger.getLogger(Refusals.class);

    /** Closed addresses and unknown ones, which no resource sees. */
    void register(@Observes Router router) {
        router.route().failureHandler(Refusals::answerFailure);
        router.route().last().handler(Refusal.UNKNOWN_URL::answer);
    }

    private static void answerFailure(RoutingContext context) {
        switch (context.failure()) {
            case AuthenticationFailedException e -> Refusal.UNAUTHENTICATED.answer(context);
            case UnauthorizedException e -> Refusal.UNAUTHENTICATED.answer(context);
            case ForbiddenException e -> Refusal.FORBIDDEN.answer(context);
            case null -> ofStatus(context.statusCode()).answer(context);
            default -> context.next();
        }
    }

    @ServerExceptionMapper
    public Response unauthenticated(UnauthorizedException e) {
        return Refusal.UNAUTHENTICATED.response();
    }

    @ServerExceptionMapper
    public Response forbidden(ForbiddenException e) {
        return Refusal.FORBIDDEN.response();
    }

    /** A parameter or a field outside its range: the first one by name, so that the answer is always the same. */
    @ServerExceptionMapper
    public Response invalid(ConstraintViolationException e) {
        return e.getConstraintViolations().stream()
                .min(Comparator.comparing(v -> v.getPropertyPath().toString()))
                .map(v -> Refusal.invalidValue(field(v) + " " + v.getMessage() + ".", field(v)))
                .orElse(Refusal.UNREADABLE)
                .response();
    }

    @ServerExceptionMapper
    public Response unreadable(JacksonException e) {
        return Refusal.UNREADABLE.response();
    }

    /** What another room says of a request. */
    @ServerExceptionMapper
    public Response refused(ApiFailure e) {
        return new Refusal(e).response();
    }

    @ServerExceptionMapper
    public Response ended(WebApplicationException e) {
        Response response = e.getResponse();
        return response.hasEntity() ? response : ofStatus(response.getStatus()).response();
    }

    @ServerExceptionMapper
    public Response failed(Throwable e) {
        LOG.error("request failed", e);
        return Refusal.INTERNAL.response();
    }

    private static Refusal ofStatus(int status) {
        return switch (status) {
            case 400 -> Refusal.UNREADABLE;
            case 401 -> Refusal.UNAUTHENTICATED;
            case 403 -> Refusal.FORBIDDEN;
            case 404 -> Refusal.UNKNOWN_URL;
            case 405 -> Refusal.METHOD;
            case 406, 415 -> Refusal.MEDIA_TYPE;
            case 413 -> Refusal.TOO_LARGE;
            case 431 -> Refusal.HEADERS_TOO_LARGE;
            default -> Refusal.INTERNAL;
        };
    }

    private static String field(ConstraintViolation<?> violation) {
        String name = "";
        for (Path.Node node : violation.getPropertyPath()) {
            name = node.toString();
        }
        return name;
    }
}
