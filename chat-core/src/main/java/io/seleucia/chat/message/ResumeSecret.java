package io.seleucia.chat.message;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The secret that lets a guest in again under a name that is reserved for it. It is never stored or logged: servers keep
 * its {@link #digest}, and {@code toString} leaves it out.
 *
 * @param value the secret as it is on the wire
 */
public record ResumeSecret(String value) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int RANDOM_BYTES = 16;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{22,128}"); // 128 bits at least

    /** Refuses null. The form is judged by {@link #flaw}, for it comes from a client. */
    public ResumeSecret {
        Objects.requireNonNull(value, "value");
    }

    /** {@return a new secret of 128 random bits} */
    public static ResumeSecret random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(bytes);
        return new ResumeSecret(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** Returns the rule that it breaks, for a person; empty if it has the form of a secret. */
    Optional<String> flaw() {
        return FORM.matcher(value).matches()
                ? Optional.empty()
                : Optional.of("resume must be 22 to 128 characters of base64url, as connected gave it");
    }

    /** {@return its SHA-256 in hexadecimal digits, by which servers compare it} */
    public String digest() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha.digest(value.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "a resume secret";
    }
}
