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
 * A complete request of HTTP/1.1 (RFC 9112). A body needs a Content-Length.
 *
 * @param target a path and, if there is one, a query
 * @param fields the header's values, by name in lower case
 * @param from the client's address
 */
record HttpRequest(String method, URI target, Map<String, List<String>> fields, byte[] body, InetAddress from) {
    private static final int MAX_HEAD = 16 * 1024;
    private static final int MAX_FIELDS = 50;
    private static final int MAX_BODY = 64 * 1024;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /**
     * Reads a request. Blocks: a deadline closes the connection.
     *
     * @param out for {@code 100 Continue}, if the client waits for it
     * @throws HttpError if the request is malformed or too large
     */
    static HttpRequest read(InputStream in, OutputStream out, InetAddress from) throws IOException, HttpError {
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
        HttpRequest head = new HttpRequest(first[0], target(first[1]), fields, new byte[0], from);
        return new HttpRequest(head.method, head.target, fields, head.readBody(in, out), from);
    }

    private static List<String> lines(InputStream in) throws IOException, HttpError {
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
        throw new HttpError(431, "the head of the request is too large");
    }

    private static URI target(String text) throws HttpError {
        try {
            URI target = new URI(text);
            if (text.startsWith("/") && !text.startsWith("//") || "http".equals(target.getScheme())) {
                return target.getPath() == null ? URI.create("/") : target;
            }
        } catch (URISyntaxException e) {
            // refused below
        }
        throw malformed();
    }

    private byte[] readBody(InputStream in, OutputStream out) throws IOException, HttpError {
        if (fields.containsKey("transfer-encoding")) {
            throw new HttpError(411, "a body needs a Content-Length");
        }
        String length = field("content-length").orElse("0");
        if (!length.matches("\\d{1,18}")) {
            throw malformed();
        }
        if (Long.parseLong(length) > MAX_BODY) {
            throw new HttpError(413, "the body has more than " + MAX_BODY + " bytes");
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

    private static HttpError malformed() {
        return new HttpError(400, "the request is not valid HTTP");
    }

    /** Returns the value of a field, which may appear only once. */
    Optional<String> field(String name) throws HttpError {
        List<String> values = fields.getOrDefault(name, List.of());
        if (values.size() > 1) {
            throw new HttpError(400, name + " must appear only once");
        }
        return values.stream().findFirst();
    }

    /** Returns the decoded path, without the query. */
    String path() {
        return target.getPath().isEmpty() ? "/" : target.getPath();
    }

    boolean isReading() {
        return method.equals("GET") || method.equals("HEAD");
    }
}
