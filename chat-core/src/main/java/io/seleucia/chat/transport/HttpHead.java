package io.seleucia.chat.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1.1 request (RFC 9112 §2 to §5), or of one of HTTP/1.0 (RFC 1945), as proxies send them.
 *
 * @param target the target, in origin or absolute form
 * @param minor the minor version; a later one than 1 means no less (RFC 9110 §2.5)
 * @param fieldLines the header lines, each a name, a colon and a value
 */
record HttpHead(String method, String target, int minor, List<String> fieldLines) {
    private static final int MAX_BYTES = 16 * 1024;
    private static final int MAX_FIELDS = 100;
    private static final int TYPICAL_LINE = 128;
    private static final int CHARGED_STEP = 4 * 1024;
    private static final int BYTES_OF_A_CHARACTER = 2; // one in its line, one in its field
    private static final String VERSION = "HTTP/1."; // and the minor version

    /** The reason for refusing a request of another version. */
    static final String VERSION_RULE = "the version must be HTTP/1.1";

    /** The reason for refusing the PROXY protocol of a peer that is not trusted. */
    static final String PROXY_RULE =
            "the PROXY protocol is spoken with trusted proxies only: the setting trusted-proxies names their addresses";

    private static final Set<String> SCHEMES = Set.of("http", "https", "ws", "wss");
    private static final String PATH = "-._~!$&'()*+,;=:@/"; // RFC 3986 §3.3, with % apart
    private static final String QUERY =
            PATH + "?%[]{}|^`\\"; // RFC 3986 §3.4, and what the URL Standard leaves as it is
    private static final Pattern LONE_PERCENT = Pattern.compile("%(?![0-9A-Fa-f]{2})");
    private static final String TOKEN = "!#$%&'*+-.^_`|~"; // RFC 9110 §5.6.2, besides letters and digits
    private static final String HOST = "-._~!$&'()*+,;="; // RFC 3986 §3.2.2

    /**
     * Reads a head. Blocks until it is complete.
     *
     * @param memory the memory of a long head is charged to it
     * @throws HandshakeException if the head is malformed or too long, or there is no memory for it
     */
    static HttpHead read(Wire wire, IncomingMemory memory) throws IOException {
        List<String> lines = lines(wire, memory);
        if (lines.get(0).startsWith("PROXY ")) {
            throw malformed(PROXY_RULE);
        }
        String[] request = lines.get(0).split(" ", -1);
        if (request.length != 3 || !isToken(request[0]) || !isTarget(request[1])) {
            throw malformed("the request line must be a method, a target and a version");
        }
        if (!isVersion(request[2])) {
            throw malformed(VERSION_RULE);
        }
        List<String> fieldLines = lines.subList(1, lines.size());
        for (String line : fieldLines) {
            if (!isToken(line, line.indexOf(':'))) {
                throw malformed("a header line must be a name, a colon and a value");
            }
        }
        return new HttpHead(request[0], request[1], request[2].charAt(VERSION.length()) - '0', fieldLines);
    }

    private static boolean isVersion(String text) {
        return text.length() == VERSION.length() + 1
                && text.startsWith(VERSION)
                && text.charAt(VERSION.length()) >= '0'
                && text.charAt(VERSION.length()) <= '9';
    }

    /** Reads the lines up to the empty one, each without its CR LF. A line feed alone does not end a line. */
    private static List<String> lines(Wire wire, IncomingMemory memory) throws IOException {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(TYPICAL_LINE);
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
                if (line.isEmpty() && !lines.isEmpty()) {
                    return lines;
                }
                if (line.isEmpty() && count > 2) { // one empty line before the request is ignored (RFC 9112 §2.2)
                    throw malformed("the request line is missing");
                }
                if (lines.size() > MAX_FIELDS) {
                    throw new HandshakeException(431, "more than " + MAX_FIELDS + " header lines");
                }
                if (!line.isEmpty()) {
                    lines.add(line.toString());
                    line.setLength(0);
                }
            } else if (b < ' ' && b != '\t' || b == 0x7f) {
                throw malformed("the head must not have control characters, and lines must end with CR LF");
            } else {
                line.append((char) b); // ISO 8859-1
            }
        }
        throw new HandshakeException(431, "the head passes " + MAX_BYTES + " bytes");
    }

    /** Returns whether a target is a path and a query, behind a scheme and an authority or not (RFC 9112 §3.2). */
    private static boolean isTarget(String target) {
        int start = pathStart(target);
        if (start < 0 || (start < target.length() ? "/?".indexOf(target.charAt(start)) < 0 : start == 0)) {
            return false;
        }
        int query = target.indexOf('?', start);
        return consistsOf(target, start, query < 0 ? target.length() : query, PATH)
                && (query < 0 || isQuery(target, query + 1));
    }

    /** Returns whether a text has only what browsers send in queries, from a point on: more than RFC 3986 allows. */
    private static boolean isQuery(String text, int start) {
        for (int i = start; i < text.length(); i++) {
            if (!isAlphanumeric(text.charAt(i)) && QUERY.indexOf(text.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether a text is a token of RFC 9110 §5.6.2. */
    static boolean isToken(String text) {
        return isToken(text, text.length());
    }

    /** @param end the end of the token, which begins the text; none if it is not positive */
    private static boolean isToken(String text, int end) {
        for (int i = 0; i < end; i++) {
            if (!isAlphanumeric(text.charAt(i)) && TOKEN.indexOf(text.charAt(i)) < 0) {
                return false;
            }
        }
        return end > 0;
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
        int end = colon < 0 || literal && host.endsWith("]") ? host.length() : colon;
        for (int i = end + 1; i < host.length(); i++) {
            if (host.charAt(i) < '0' || host.charAt(i) > '9') {
                return false;
            }
        }
        return literal ? isAddress(host.substring(0, end)) : end > 0 && consistsOf(host, 0, end, HOST);
    }

    /** Returns whether a text is an IPv6 address in brackets. Never looks up a name. */
    private static boolean isAddress(String literal) {
        try {
            return literal.matches("\\[[0-9A-Fa-f:.]{2,45}]") && InetAddress.getByName(literal) != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Returns whether a part of a text has only letters, digits, escaped bytes and these characters. */
    private static boolean consistsOf(String text, int start, int end, String others) {
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            if (c == '%') {
                if (i + 2 >= end || !isHex(text.charAt(i + 1)) || !isHex(text.charAt(i + 2))) {
                    return false;
                }
                i += 2;
            } else if (!isAlphanumeric(c) && others.indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAlphanumeric(char c) {
        return c < 0x80 && Character.isLetterOrDigit(c);
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

    /** Returns this head without the beginning of its path, if it has that as its first segments. */
    HttpHead without(String prefix) {
        int start = pathStart(target);
        int end = start + prefix.length();
        boolean begins =
                target.startsWith(prefix, start) && (end == target.length() || "/?".indexOf(target.charAt(end)) >= 0);
        if (prefix.isEmpty() || !begins) {
            return this;
        }
        String rest = target.substring(end);
        return new HttpHead(
                method, target.substring(0, start) + (rest.startsWith("/") ? rest : "/" + rest), minor, fieldLines);
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

    /** Decodes a part of the query. A plus is a space, as in forms; a percent sign that escapes nothing is itself. */
    private static String decoded(String text) {
        return URLDecoder.decode(LONE_PERCENT.matcher(text).replaceAll("%25"), StandardCharsets.UTF_8);
    }

    /**
     * Returns the host, with the port if it has one. That of an absolute target overrides the field (RFC 9112 §3.2.2). Empty
     * if a request of HTTP/1.0 names none.
     */
    String host() throws HandshakeException {
        Optional<String> field = single("host");
        if (field.isEmpty() && minor > 0) {
            throw malformed("Host is missing");
        }
        String named = field.orElse("");
        if (field.isPresent() && !isHost(named)) {
            throw malformed("Host must be a name or an address, and a port where it has one");
        }
        return target.startsWith("/") ? named : target.substring(target.indexOf("://") + 3, pathStart(target));
    }

    /** Returns whether the peer wants to send further requests (RFC 9112 §9.3). Those of HTTP/1.0 never do here. */
    boolean keepsAlive() {
        return minor > 0 && !lists("connection", "close");
    }

    /** Returns the values of the lines of a field. */
    List<String> lines(String name) {
        List<String> values = List.of();
        for (String line : fieldLines) {
            int colon = name.length();
            if (line.length() > colon && line.charAt(colon) == ':' && line.regionMatches(true, 0, name, 0, colon)) {
                values = values.isEmpty() ? new ArrayList<>(1) : values;
                values.add(line.substring(colon + 1).strip());
            }
        }
        return values;
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
        List<String> members = new ArrayList<>();
        for (String value : lines(name)) {
            for (String member : value.split(",")) {
                if (!member.isBlank()) {
                    members.add(member.strip());
                }
            }
        }
        return members;
    }

    /** Returns whether a list has a member, in any case. */
    boolean lists(String name, String member) {
        for (String one : list(name)) {
            if (one.equalsIgnoreCase(member)) {
                return true;
            }
        }
        return false;
    }

    private static HandshakeException malformed(String rule) {
        return new HandshakeException(400, rule);
    }
}
