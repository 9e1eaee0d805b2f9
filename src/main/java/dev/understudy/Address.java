package dev.understudy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Where a door listens.
 *
 * @param host a name or an IP address; one of version 6 without its brackets
 * @param port 0 (any free one) to 65535
 */
record Address(String host, int port) {

    private static final int HIGHEST = 65_535;

    Address {
        if (host.isBlank()) {
            throw new IllegalArgumentException("host must not be blank");
        }
        if (port < 0 || port > HIGHEST) {
            throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
        }
    }

    /** Reads {@code host:port}; the name of the setting goes into the message when it cannot be read. */
    static Address parse(String setting, String text) throws StartFailure {
        int colon = text.lastIndexOf(':');
        try {
            String host = text.substring(0, Math.max(colon, 0));
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            return new Address(host, Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new StartFailure(setting + " must be host:port such as 127.0.0.1:8080, was '" + text + "'");
        }
    }

    /** Fails with one line when another program listens there, or this machine has no such address. */
    void mustBeFree(String door, String remedy) throws StartFailure {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException e) {
            throw new StartFailure("%s cannot listen on %s (%s): end the program that does, or set %s"
                    .formatted(door, this, e.getMessage(), remedy));
        }
    }

    /** The form for a URL on this machine: an address that means "all of them" becomes loopback. */
    String reachable() {
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1:" + port;
            case "::", "0:0:0:0:0:0:0:0" -> "[::1]:" + port;
            case String named -> new Address(named, port).toString();
        };
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
