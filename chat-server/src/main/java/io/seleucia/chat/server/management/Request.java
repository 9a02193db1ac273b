package io.seleucia.chat.server.management;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A request of HTTP/1.1 (RFC 9112), whole. A body comes with its length.
 *
 * @param target what is asked for: a path, and a query where there is one
 * @param fields the values of the header's lines, by name in lower case
 * @param from who asks
 */
record Request(String method, URI target, Map<String, List<String>> fields, byte[] body, InetAddress from) {
    private static final int MAX_HEAD = 16 * 1024;
    private static final int MAX_FIELDS = 50;
    private static final int MAX_BODY = 64 * 1024;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /**
     * Reads a request. Blocks: a deadline closes the connection.
     *
     * @param out where the client is told to go on, if it waits for that before it sends the body
     * @throws Refusal if it is no request, or too large
     */
    static Request read(InputStream in, OutputStream out, InetAddress from) throws IOException, Refusal {
        List<String> lines = lines(in);
        String[] first = lines.getFirst().split(" ", -1);
        if (first.length != 3 || !first[0].matches("[A-Z]+") || !first[2].matches("HTTP/1\\.[0-9]")) {
            throw malformed();
        }
        Map<String, List<String>> fields = new HashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon < 1 || line.substring(0, colon).matches(".*\\s.*")) {
                throw malformed();
            }
            fields.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        Request head = new Request(first[0], target(first[1]), fields, new byte[0], from);
        return new Request(head.method, head.target, fields, head.readBody(in, out), from);
    }

    private static List<String> lines(InputStream in) throws IOException, Refusal {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int count = 0; count < MAX_HEAD && lines.size() <= MAX_FIELDS; count++) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("the peer closed the connection");
            }
            if (b != '\n') {
                line.write(b);
                continue;
            }
            String text = line.toString(StandardCharsets.ISO_8859_1);
            line.reset();
            if (!text.endsWith("\r")) {
                throw malformed();
            }
            if (text.length() > 1) {
                lines.add(text.substring(0, text.length() - 1));
            } else if (!lines.isEmpty()) {
                return lines;
            }
        }
        throw new Refusal(431, "the head of the request is too large");
    }

    private static URI target(String text) throws Refusal {
        try {
            URI target = new URI(text);
            if (text.startsWith("/") && !text.startsWith("//") || "http".equals(target.getScheme())) {
                return target.getPath() == null ? URI.create("/") : target;
            }
        } catch (URISyntaxException e) {
            // Which is said below.
        }
        throw malformed();
    }

    private byte[] readBody(InputStream in, OutputStream out) throws IOException, Refusal {
        if (fields.containsKey("transfer-encoding")) {
            throw new Refusal(411, "a body needs a Content-Length");
        }
        String length = field("content-length").orElse("0");
        if (!length.matches("\\d{1,18}")) {
            throw malformed();
        }
        if (Long.parseLong(length) > MAX_BODY) {
            throw new Refusal(413, "the body has more than " + MAX_BODY + " bytes");
        }
        if (field("expect").filter("100-continue"::equalsIgnoreCase).isPresent()) {
            out.write(CONTINUE);
        }
        byte[] bytes = in.readNBytes(Integer.parseInt(length));
        if (bytes.length < Integer.parseInt(length)) {
            throw new IOException("the peer closed the connection within its request");
        }
        return bytes;
    }

    private static Refusal malformed() {
        return new Refusal(400, "the request is not HTTP as it should be");
    }

    /** The value of a field, which may stand only once. */
    Optional<String> field(String name) throws Refusal {
        List<String> values = fields.getOrDefault(name, List.of());
        if (values.size() > 1) {
            throw new Refusal(400, name + " must stand only once");
        }
        return values.stream().findFirst();
    }

    /** What is asked for, decoded, without a query. */
    String path() {
        return target.getPath().isEmpty() ? "/" : target.getPath();
    }

    boolean isReading() {
        return method.equals("GET") || method.equals("HEAD");
    }
}
