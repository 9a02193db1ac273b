package io.seleucia.chat.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The agreed parameters of permessage-deflate (RFC 7692).
 *
 * @param serverWindowBits from 9 to 15: the server's compressed data refers back by at most 2 to the power of this
 * @param serverTakeover whether the server's messages may refer to earlier ones
 * @param clientTakeover whether the client's messages may refer to earlier ones
 * @param answer the value of {@code Sec-WebSocket-Extensions} for the client
 */
record DeflateParameters(int serverWindowBits, boolean serverTakeover, boolean clientTakeover, String answer) {
    private static final String NAME = "permessage-deflate";
    private static final String SERVER_NO_TAKEOVER = "server_no_context_takeover";
    private static final String CLIENT_NO_TAKEOVER = "client_no_context_takeover";
    private static final String SERVER_WINDOW = "server_max_window_bits";
    private static final String CLIENT_WINDOW = "client_max_window_bits";
    private static final int SMALLEST_WINDOW = 9; // zlib itself has no smaller one
    private static final int LARGEST_WINDOW = 15;
    private static final long DEFLATER_BYTES = 268 * 1024; // zlib's deflateInit2: 2^(15+2) + 2^(8+9), and its state
    private static final long INFLATED_BYTES = 32 * 1024; // the window that a peer's messages may refer to

    /**
     * Accepts the first offer that can be met.
     *
     * @param takeover whether to keep contexts from message to message, unless the client objects
     * @throws HandshakeException if the field is not a list of extensions (RFC 6455 §9.1)
     */
    static Optional<DeflateParameters> negotiate(List<String> fieldLines, boolean takeover) throws HandshakeException {
        for (Offer offer : offers(fieldLines)) {
            Optional<DeflateParameters> accepted = offer.name.equals(NAME) ? accept(offer, takeover) : Optional.empty();
            if (accepted.isPresent()) {
                return accepted;
            }
        }
        return Optional.empty();
    }

    /** Declines an offer with a parameter that is unknown, repeated or has a bad value (RFC 7692 §7.1). */
    private static Optional<DeflateParameters> accept(Offer offer, boolean takeover) {
        Map<String, Optional<String>> parameters = new HashMap<>();
        for (Parameter parameter : offer.parameters) {
            if (!isValid(parameter) || parameters.put(parameter.name, parameter.value) != null) {
                return Optional.empty();
            }
        }
        int window = parameters
                .getOrDefault(SERVER_WINDOW, Optional.empty())
                .map(Integer::valueOf)
                .orElse(LARGEST_WINDOW);
        if (window < SMALLEST_WINDOW) {
            return Optional.empty();
        }
        // The JDK's deflater remembers 32 KiB. It keeps to a smaller window only if it is reset, without takeover.
        boolean serverTakeover = takeover && window == LARGEST_WINDOW && !parameters.containsKey(SERVER_NO_TAKEOVER);
        boolean clientTakeover = takeover && !parameters.containsKey(CLIENT_NO_TAKEOVER);
        String answer = NAME
                + (serverTakeover ? "" : "; " + SERVER_NO_TAKEOVER)
                + (clientTakeover ? "" : "; " + CLIENT_NO_TAKEOVER)
                + (parameters.containsKey(SERVER_WINDOW) ? "; " + SERVER_WINDOW + "=" + window : "");
        return Optional.of(new DeflateParameters(window, serverTakeover, clientTakeover, answer));
    }

    /** Returns the memory that is kept from message to message, in bytes. */
    long contextBytes() {
        return (serverTakeover ? DEFLATER_BYTES : 0) + (clientTakeover ? INFLATED_BYTES : 0);
    }

    private static boolean isValid(Parameter parameter) {
        return switch (parameter.name) {
            case SERVER_NO_TAKEOVER, CLIENT_NO_TAKEOVER -> parameter.value.isEmpty();
            case SERVER_WINDOW ->
                parameter.value.filter(DeflateParameters::isWindow).isPresent();
            case CLIENT_WINDOW ->
                parameter.value.map(DeflateParameters::isWindow).orElse(true);
            default -> false;
        };
    }

    /** Returns whether a value is decimal, from 8 to 15, without leading zeroes (RFC 7692 §7.1.2). */
    private static boolean isWindow(String value) {
        return value.matches("[89]|1[0-5]");
    }

    private record Parameter(String name, Optional<String> value) {}

    private record Offer(String name, List<Parameter> parameters) {}

    /** Parses {@code name; parameter; parameter=value; parameter="value", name …} */
    private static List<Offer> offers(List<String> fieldLines) throws HandshakeException {
        List<Offer> offers = new ArrayList<>();
        for (String line : fieldLines) {
            for (String element : split(line, ',')) {
                List<String> parts = split(element, ';');
                if (parts.size() == 1 && parts.getFirst().isEmpty()) {
                    continue; // empty elements of a list do not count (RFC 9110 §5.6.1)
                }
                List<Parameter> parameters = new ArrayList<>();
                for (String part : parts.subList(1, parts.size())) {
                    parameters.add(parameter(part));
                }
                offers.add(new Offer(token(parts.getFirst()), parameters));
            }
        }
        return offers;
    }

    private static Parameter parameter(String text) throws HandshakeException {
        int equals = text.indexOf('=');
        if (equals < 0) {
            return new Parameter(token(text), Optional.empty());
        }
        String value = text.substring(equals + 1).strip();
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        String unquoted = quoted ? value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1") : value;
        return new Parameter(token(text.substring(0, equals).strip()), Optional.of(token(unquoted)));
    }

    private static String token(String text) throws HandshakeException {
        if (!HttpHead.isToken(text)) {
            throw new HandshakeException(400, "Sec-WebSocket-Extensions must be a list of extensions");
        }
        return text;
    }

    /** Splits at the separators outside of quotation marks. */
    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                parts.add(text.substring(start, i).strip());
                start = i + 1;
            }
        }
        parts.add(text.substring(start).strip());
        return parts;
    }
}
