package io.seleucia.chat.auth;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The rules for the secrets of tokens. A public key must never pass for a secret, in any form: everyone could sign tokens
 * with it.
 */
final class Secrets {
    static final int MIN_BYTES = 32; // RFC 7518 §3.2

    private static final int MIN_DIFFERENT = 8;
    private static final int SLACK = 4; // bytes that a transfer may have added to a key, or taken from it
    private static final int DER_INTEGER = 0x02;
    private static final int DER_SEQUENCE = 0x30;
    private static final String UTF8_MARK = "\u00ef\u00bb\u00bf"; // as ISO 8859-1 has it; only text files have one
    private static final Pattern TEXT = Pattern.compile("(" + UTF8_MARK + ")?[\\s!-~]+");
    private static final Pattern ONE_WORD = Pattern.compile("[!-~]+");
    private static final Pattern SSH =
            Pattern.compile("(?s)\\s*(ssh-|ecdsa-sha2-|sk-|PuTTY-User-Key|\\x00\\x00\\x00.(ssh-|ecdsa-|sk-)).*");
    private static final String ADVICE = "; take a random one, such as: openssl rand -base64 32";

    private Secrets() {}

    /** Returns the flaw of a secret, as a sentence that quotes nothing of it, or empty if the secret is good. */
    static Optional<String> flaw(byte[] secret) {
        if (secret.length < MIN_BYTES) {
            return Optional.of("a secret must have at least " + MIN_BYTES + " bytes");
        }
        if (forms(secret).stream().anyMatch(Secrets::isKey)) {
            return Optional.of("this looks like a key, not like a secret: a public key must be in PEM form"
                    + " (-----BEGIN PUBLIC KEY-----), or a JWK");
        }
        if (isRepeated(secret)) {
            return Optional.of("a secret must not be a shorter text repeated" + ADVICE);
        }
        int length = secret.length;
        if (different(IntStream.range(0, length), i -> secret[i]) < MIN_DIFFERENT
                || different(IntStream.range(1, length), i -> secret[i] - secret[i - 1]) < MIN_DIFFERENT) {
            return Optional.of("a secret must have at least " + MIN_DIFFERENT + " different bytes, and not in a row"
                    + " such as abcdef" + ADVICE);
        }
        return Optional.empty();
    }

    /** Returns whether these bytes are one line of visible ASCII without spaces, unlike all files of keys. */
    static boolean isOneWord(byte[] secret) {
        return ONE_WORD.matcher(ascii(secret)).matches();
    }

    /** Returns the bytes, and those that they encode. */
    private static List<byte[]> forms(byte[] bytes) {
        List<byte[]> forms = new ArrayList<>(List.of(bytes));
        String text = ascii(bytes).replaceAll("\\s", "");
        try {
            forms.add(Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/')));
        } catch (IllegalArgumentException e) {
            // It is not base64.
        }
        try {
            forms.add(HexFormat.of().parseHex(text.toLowerCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            // It is not hexadecimal.
        }
        return forms;
    }

    private static boolean isKey(byte[] bytes) {
        String text = ascii(bytes);
        return isDer(bytes)
                || isWide(bytes)
                || SSH.matcher(text).matches()
                || TEXT.matcher(text).matches() && isKey(text);
    }

    private static boolean isKey(String text) {
        String start = text.stripLeading();
        return text.startsWith(UTF8_MARK)
                || text.contains("-- BEGIN ")
                || text.contains("--BEGIN ")
                || text.contains("\"kty\"")
                || start.startsWith("{")
                || start.startsWith("<");
    }

    /** Returns whether the bytes are one SEQUENCE of ASN.1 that begins like a key or a certificate. */
    private static boolean isDer(byte[] bytes) {
        if (bytes.length < 8 || bytes[0] != DER_SEQUENCE) {
            return false;
        }
        int first = bytes[1] & 0xff;
        int header = switch (first) {
            case 0x81 -> 3;
            case 0x82 -> 4;
            default -> 2;
        };
        int length = switch (first) {
            case 0x81 -> bytes[2] & 0xff;
            case 0x82 -> (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
            default -> first;
        };
        return (bytes[header] == DER_SEQUENCE || bytes[header] == DER_INTEGER)
                && Math.abs(bytes.length - header - length) <= SLACK;
    }

    /** Returns whether the bytes have as many zeros as only UTF-16 and UTF-32 have. */
    private static boolean isWide(byte[] bytes) {
        return IntStream.range(0, bytes.length).filter(i -> bytes[i] == 0).count() > bytes.length / 4;
    }

    private static boolean isRepeated(byte[] bytes) {
        int length = bytes.length;
        return IntStream.rangeClosed(1, length / 2)
                .anyMatch(period -> Arrays.equals(bytes, period, length, bytes, 0, length - period));
    }

    /** Counts the different lowest bytes of some values, which are given by their indexes. */
    private static long different(IntStream indexes, IntUnaryOperator value) {
        return indexes.map(value).map(number -> number & 0xff).distinct().count();
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
