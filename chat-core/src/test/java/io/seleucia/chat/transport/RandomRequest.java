package io.seleucia.chat.transport;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An opening handshake as some client might write it.
 *
 * @param head all its lines
 * @param accept the {@code Sec-WebSocket-Accept} that belongs to its key
 * @param offered the subprotocols that it offers
 */
record RandomRequest(String head, String accept, List<String> offered) {
    private static final List<String> TARGETS =
            List.of("/", "/chat?a=b&c=%20", "http://chat.example/", "/" + "x".repeat(2_000));
    private static final String NAME_CHARACTERS = "abcXYZ019-_!#$%&'*+.^`|~";

    /** A valid one, or one that is too long or has something else about it that no server must take. */
    static RandomRequest of(Random random, boolean valid) {
        byte[] key = new byte[16];
        random.nextBytes(key);
        String encodedKey = Base64.getEncoder().encodeToString(key);
        List<String> offered = new ArrayList<>(List.of("first", "second", "third", "FIRST"));
        Collections.shuffle(offered, random);
        offered = offered.subList(0, random.nextInt(4));

        List<String> fields = new ArrayList<>();
        fields.add(field(random, "Host", "chat.example"));
        fields.add(field(random, "Upgrade", random.nextBoolean() ? "websocket" : "h2c, WebSocket"));
        fields.add(field(random, "Connection", random.nextBoolean() ? "Upgrade" : "keep-alive,upgrade"));
        fields.add(field(random, "Sec-WebSocket-Key", encodedKey));
        fields.add(field(random, "Sec-WebSocket-Version", "13"));
        if (!offered.isEmpty()) {
            fields.add(field(random, "Sec-WebSocket-Protocol", String.join(", ", offered)));
        }
        if (random.nextBoolean()) {
            fields.add(
                    field(random, "Origin", random.nextBoolean() ? "http://chat.example" : "HTTP://Chat.Example:80"));
        }
        for (int n = random.nextInt(5); n > 0; n--) {
            fields.add(field(random, "X-" + text(random, NAME_CHARACTERS, 20), text(random, "ab\t \u00e4,;=\"", 60)));
        }
        if (!valid) {
            fields.addAll(excess(random));
        }
        Collections.shuffle(fields, random);
        String head = Stream.concat(
                        Stream.of("GET " + TARGETS.get(random.nextInt(TARGETS.size())) + " HTTP/1.1"), fields.stream())
                .map(line -> line + "\r\n")
                .collect(Collectors.joining());
        return new RandomRequest(head + "\r\n", accept(encodedKey), List.copyOf(offered));
    }

    /** What this server answers: the first that it prefers of what is offered. */
    Optional<String> agreed(List<String> preferred) {
        return preferred.stream().filter(offered::contains).findFirst();
    }

    private static List<String> excess(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> List.of("X-Long: " + "x".repeat(random.nextInt(40_000)));
            case 1 -> Collections.nCopies(random.nextInt(300), "X-Many: x");
            case 2 -> Collections.nCopies(random.nextInt(6_000), ":");
            case 3 -> List.of("Sec-WebSocket-Protocol: " + "a,".repeat(random.nextInt(10_000)));
            case 4 -> List.of("Content-Length: " + random.nextLong());
            case 5 -> List.of("Transfer-Encoding: chunked");
            default -> List.of("Origin: http://" + ":0".repeat(random.nextInt(8_000)));
        };
    }

    private static String field(Random random, String name, String value) {
        String written = switch (random.nextInt(3)) {
            case 0 -> name.toLowerCase(Locale.ROOT);
            case 1 -> name.toUpperCase(Locale.ROOT);
            default -> name;
        };
        return written + ":" + " ".repeat(random.nextInt(3)) + value + " ".repeat(random.nextInt(2));
    }

    private static String text(Random random, String characters, int most) {
        return IntStream.range(0, random.nextInt(most))
                .map(i -> characters.charAt(random.nextInt(characters.length())))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
