package io.seleucia.chat.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1.1 request (RFC 9112 §2 to §5).
 *
 * @param target the target, in origin or absolute form
 * @param fields the header lines, by name in lower case
 */
record HttpHead(String method, String target, Map<String, List<String>> fields) {
    private static final int MAX_BYTES = 16 * 1024;
    private static final int MAX_FIELDS = 100;
    private static final int CHARGED_STEP = 4 * 1024;
    private static final int BYTES_OF_A_CHARACTER = 2; // one in its line, one in its field
    private static final Pattern VERSION = Pattern.compile("HTTP/1\\.[1-9]");
    private static final Set<String> SCHEMES = Set.of("http", "https", "ws", "wss");
    private static final String PATH_AND_QUERY = "-._~!$&'()*+,;=:@/?"; // RFC 3986 §3.3 and §3.4, with % apart
    private static final String SEPARATORS = "()<>@,;:\\\"/[]?={}"; // RFC 9110 §5.6.2
    private static final String HOST = "-._~!$&'()*+,;="; // RFC 3986 §3.2.2

    /**
     * Reads a head. Blocks until it is complete.
     *
     * @param memory the memory of a long head is charged to it
     * @throws HandshakeException if the head is malformed or too long, or there is no memory for it
     */
    static HttpHead read(Wire wire, IncomingMemory memory) throws IOException {
        List<String> lines = lines(wire, memory);
        String[] request = lines.get(0).split(" ", -1);
        if (request.length != 3 || !isToken(request[0]) || !isTarget(request[1])) {
            throw malformed("the request line must be a method, a target and a version");
        }
        if (!VERSION.matcher(request[2]).matches()) { // a later minor version means no less (RFC 9110 §2.5)
            throw malformed("the version must be HTTP/1.1");
        }
        Map<String, List<String>> fields = new HashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon < 0 || !isToken(line.substring(0, colon))) {
                throw malformed("a header line must be a name, a colon and a value");
            }
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            fields.computeIfAbsent(name, n -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        return new HttpHead(request[0], request[1], fields);
    }

    /** Reads the lines up to the empty one, each without its CR LF. A line feed alone does not end a line. */
    private static List<String> lines(Wire wire, IncomingMemory memory) throws IOException {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int count = 1; count < MAX_BYTES; count++) {
            int b = wire.read();
            if (count % CHARGED_STEP == 0 && !memory.fits((long) (count + CHARGED_STEP) * BYTES_OF_A_CHARACTER)) {
                throw new HandshakeException(503, "there is no memory for a long head, try again later");
            }
            if (b == '\r') {
                if (wire.read() != '\n') {
                    throw malformed("lines must end with CR LF");
                }
                count++;
                if (line.size() == 0 && !lines.isEmpty()) {
                    return lines;
                }
                if (line.size() == 0 && count > 2) { // one empty line before the request is ignored (RFC 9112 §2.2)
                    throw malformed("the request line is missing");
                }
                if (lines.size() > MAX_FIELDS) {
                    throw new HandshakeException(431, "more than " + MAX_FIELDS + " header lines");
                }
                if (line.size() > 0) {
                    lines.add(line.toString(StandardCharsets.ISO_8859_1));
                    line.reset();
                }
            } else if (b < ' ' && b != '\t' || b == 0x7f) {
                throw malformed("the head must not have control characters, and lines must end with CR LF");
            } else {
                line.write(b);
            }
        }
        throw new HandshakeException(431, "the head passes " + MAX_BYTES + " bytes");
    }

    /** Returns whether a target is a path and a query, behind a scheme and an authority or not (RFC 9112 §3.2). */
    private static boolean isTarget(String target) {
        int start = pathStart(target);
        return start >= 0
                && (start < target.length() ? "/?".indexOf(target.charAt(start)) >= 0 : start > 0)
                && consistsOf(target.substring(start), PATH_AND_QUERY);
    }

    /** Returns whether a text is a token of RFC 9110 §5.6.2. */
    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f && SEPARATORS.indexOf(c) < 0);
    }

    /** Returns whether a text can be the path of a request. */
    static boolean isPath(String text) {
        return text.startsWith("/") && text.indexOf('?') < 0 && isTarget(text);
    }

    /** Returns where the path begins, which may be behind {@code http://authority}; -1 if the target is malformed. */
    private static int pathStart(String target) {
        if (target.startsWith("/")) {
            return 0;
        }
        int authority = target.indexOf("://") + 3;
        if (!SCHEMES.contains(target.substring(0, Math.max(0, authority - 3)).toLowerCase(Locale.ROOT))) {
            return -1;
        }
        int end = authority;
        while (end < target.length() && "/?".indexOf(target.charAt(end)) < 0) {
            end++;
        }
        return isHost(target.substring(authority, end)) ? end : -1;
    }

    /** Returns whether a text is a name or an address, with a port or not (RFC 3986 §3.2). */
    static boolean isHost(String host) {
        int colon = host.lastIndexOf(':');
        boolean literal = host.startsWith("[");
        String name = colon < 0 || literal && host.endsWith("]") ? host : host.substring(0, colon);
        boolean port = host.substring(name.length()).chars().skip(1).allMatch(c -> c >= '0' && c <= '9');
        return port && (literal ? isAddress(name) : !name.isEmpty() && consistsOf(name, HOST));
    }

    /** Returns whether a text is an IPv6 address in brackets. Never looks up a name. */
    private static boolean isAddress(String literal) {
        try {
            return literal.matches("\\[[0-9A-Fa-f:.]{2,45}]") && InetAddress.getByName(literal) != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Returns whether a text has only letters, digits, escaped bytes and these characters. */
    private static boolean consistsOf(String text, String others) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                if (i + 2 >= text.length() || !isHex(text.charAt(i + 1)) || !isHex(text.charAt(i + 2))) {
                    return false;
                }
                i += 2;
            } else if (!(c < 0x80 && Character.isLetterOrDigit(c)) && others.indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHex(char c) {
        return c < 0x80 && Character.digit(c, 16) >= 0;
    }

    /** Returns the path of the target, without its query. */
    String path() {
        String path = target.substring(pathStart(target));
        int query = path.indexOf('?');
        String bare = query < 0 ? path : path.substring(0, query);
        return bare.isEmpty() ? "/" : bare;
    }

    /** Returns the parameters of the target's query, decoded, by name. Of repeated ones, the first counts. */
    Map<String, String> parameters() {
        int query = target.indexOf('?');
        if (query < 0) {
            return Map.of();
        }
        Map<String, String> parameters = new HashMap<>();
        for (String parameter : target.substring(query + 1).split("&")) {
            int end = parameter.indexOf('=');
            String name = end < 0 ? parameter : parameter.substring(0, end);
            parameters.putIfAbsent(decoded(name), decoded(end < 0 ? "" : parameter.substring(end + 1)));
        }
        return Map.copyOf(parameters);
    }

    /** Decodes a part of the query. A plus is a space, as in forms; the escapes have been checked before. */
    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Returns the host, with the port if it has one. That of an absolute target overrides the field (RFC 9112 §3.2.2). */
    String host() throws HandshakeException {
        String named = single("host").orElseThrow(() -> malformed("Host is missing"));
        if (!isHost(named)) {
            throw malformed("Host must be a name or an address, and a port where it has one");
        }
        return target.startsWith("/") ? named : target.substring(target.indexOf("://") + 3, pathStart(target));
    }

    /** Returns whether a body may follow. */
    boolean announcesBody() throws HandshakeException {
        return fields.containsKey("transfer-encoding")
                || !single("content-length").orElse("0").equals("0");
    }

    /** Returns the lines of a field. */
    List<String> lines(String name) {
        return fields.getOrDefault(name, List.of());
    }

    /** Returns the value of a field that may stand only once. */
    Optional<String> single(String name) throws HandshakeException {
        List<String> values = lines(name);
        if (values.size() > 1) {
            throw malformed(name + " must stand only once");
        }
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
    }

    /** Returns the members of a comma-separated list, over all lines of the field (RFC 9110 §5.6.1). */
    List<String> list(String name) {
        return lines(name).stream()
                .flatMap(value -> Arrays.stream(value.split(",")))
                .map(String::strip)
                .filter(member -> !member.isEmpty())
                .toList();
    }

    /** Returns whether a list has a member, in any case. */
    boolean lists(String name, String member) {
        return list(name).stream().anyMatch(member::equalsIgnoreCase);
    }

    private static HandshakeException malformed(String rule) {
        return new HandshakeException(400, rule);
    }
}
