package io.seleucia.chat.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The head of an HTTP/1.1 request (RFC 9112 §2 to §5).
 *
 * @param target what is asked for, in origin or absolute form
 * @param fields the header's lines, by name in lower case
 */
record HttpHead(String method, String target, Map<String, List<String>> fields) {
    private static final int MAX_BYTES = 16 * 1024;
    private static final int MAX_FIELDS = 100;

    static HttpHead read(Wire wire) throws IOException {
        List<String> lines = lines(wire);
        String[] request = lines.get(0).split(" ", -1);
        if (request.length != 3 || !Handshake.isToken(request[0]) || !isTarget(request[1])) {
            throw malformed("the request line must be a method, a target and a version");
        }
        if (!request[2].equals("HTTP/1.1")) {
            throw malformed("the version must be HTTP/1.1");
        }
        Map<String, List<String>> fields = new HashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon < 0 || !Handshake.isToken(line.substring(0, colon))) {
                throw malformed("a header line must be a name, a colon and a value");
            }
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            fields.computeIfAbsent(name, n -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        HttpHead head = new HttpHead(request[0], request[1], fields);
        if (fields.containsKey("transfer-encoding")
                || !head.single("content-length").orElse("0").equals("0")) {
            throw malformed("a handshake has no body");
        }
        return head;
    }

    /** The lines up to the empty one, each without its CR LF. A line feed ends a line only after a carriage return. */
    private static List<String> lines(Wire wire) throws IOException {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int count = 1; count < MAX_BYTES; count++) {
            int b = wire.read();
            if (b == '\r') {
                if (wire.read() != '\n') {
                    throw malformed("lines must end with CR LF");
                }
                count++;
                if (line.size() == 0) {
                    if (lines.isEmpty()) {
                        throw malformed("the request line is missing");
                    }
                    return lines;
                }
                if (lines.size() > MAX_FIELDS) {
                    throw new HandshakeException(431, "more than " + MAX_FIELDS + " header lines");
                }
                lines.add(line.toString(StandardCharsets.ISO_8859_1));
                line.reset();
            } else if (b < ' ' && b != '\t' || b == 0x7f) {
                throw malformed("the head must not have control characters, and lines must end with CR LF");
            } else {
                line.write(b);
            }
        }
        throw new HandshakeException(431, "the head passes " + MAX_BYTES + " bytes");
    }

    private static boolean isTarget(String target) {
        return (target.startsWith("/") || target.startsWith("http://") || target.startsWith("https://"))
                && target.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    /** The path of the target, without its query. */
    String path() {
        String path = target.replaceFirst("^https?://[^/?]*", "").replaceFirst("\\?.*", "");
        return path.isEmpty() ? "/" : path;
    }

    /** The lines of a field. */
    List<String> lines(String name) {
        return fields.getOrDefault(name, List.of());
    }

    /** The value of a field that may stand only once. */
    Optional<String> single(String name) throws HandshakeException {
        List<String> values = lines(name);
        if (values.size() > 1) {
            throw malformed(name + " must stand only once");
        }
        return values.stream().findFirst();
    }

    /** The members of a field that is a comma-separated list, over all its lines (RFC 9110 §5.6.1). */
    List<String> list(String name) {
        return lines(name).stream()
                .flatMap(value -> List.of(value.split(",", -1)).stream())
                .map(String::strip)
                .filter(member -> !member.isEmpty())
                .toList();
    }

    /** Whether a list has a member, in whatever case. */
    boolean lists(String name, String member) {
        return list(name).stream().anyMatch(member::equalsIgnoreCase);
    }

    private static HandshakeException malformed(String rule) {
        return new HandshakeException(400, rule);
    }
}
