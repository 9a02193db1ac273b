package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * An account as it stands in the users file, in a line: its name, how its password was hashed, the salt and the hash,
 * separated by tabs. A password is normalised (NFC) first, so that it does not matter how a keyboard composes it.
 *
 * @param salt in base64
 * @param hash in base64
 */
record Account(String name, int iterations, String salt, String hash) {
    /** How often a new password is hashed. */
    static final int ITERATIONS = 600_000;

    /** The longest password, in bytes of UTF-8. */
    static final int MAX_PASSWORD_BYTES = 1024;

    private static final int MAX_PASSWORD_CHARS = 3 * MAX_PASSWORD_BYTES; // NFC makes text shorter by that at the most
    private static final String LENGTH_FLAW = "a password must have 1 to " + MAX_PASSWORD_BYTES + " bytes";
    private static final String SCHEME = "pbkdf2-hmac-sha256";
    private static final int MAX_ITERATIONS = 10_000_000;
    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** A new one. Computes for some tenths of a second. */
    static Account of(String name, String password) {
        return of(name, password, ITERATIONS);
    }

    static Account of(String name, String password, int iterations) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        return new Account(name, iterations, encode(salt), encode(hash(password, salt, iterations)));
    }

    /**
     * Returns a sentence for a person if the text can be no password at all, or empty. Computes for some milliseconds at
     * the most, however long the text is.
     */
    static Optional<String> flawOfPassword(String password) {
        if (password.length() > MAX_PASSWORD_CHARS) { // before normalising, the time of which may grow by the square
            return Optional.of(LENGTH_FLAW);
        }
        if (!Names.isUnicode(password)) {
            return Optional.of("a password must be valid Unicode");
        }
        int bytes = normal(password).getBytes(StandardCharsets.UTF_8).length;
        return bytes >= 1 && bytes <= MAX_PASSWORD_BYTES ? Optional.empty() : Optional.of(LENGTH_FLAW);
    }

    /** Returns an account that no password is right for. Checking one computes as long as for any other. */
    static Account nobody(int iterations) {
        byte[] random = new byte[SALT_BYTES + HASH_BYTES];
        RANDOM.nextBytes(random);
        return new Account(
                "nobody",
                iterations,
                encode(Arrays.copyOf(random, SALT_BYTES)),
                encode(Arrays.copyOfRange(random, SALT_BYTES, random.length)));
    }

    /** Returns whether this is its password. Computes as long as {@link #of}, whatever the text is. */
    boolean isPassword(String password) {
        boolean possible = flawOfPassword(password).isEmpty();
        byte[] computed =
                hash(possible ? password : "impossible", Base64.getDecoder().decode(salt), iterations);
        return possible & MessageDigest.isEqual(computed, Base64.getDecoder().decode(hash));
    }

    private static byte[] hash(String password, byte[] salt, int iterations) {
        PBEKeySpec spec = new PBEKeySpec(normal(password).toCharArray(), salt, iterations, HASH_BYTES * Byte.SIZE);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(spec)
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has PBKDF2WithHmacSHA256", e);
        } finally {
            spec.clearPassword();
        }
    }

    /** The text as it is hashed. Takes time by the square of the length, if it is made for that. */
    static String normal(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFC);
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** The accounts in the lines of a users file, in their order. */
    static Map<String, Account> parse(List<String> lines) throws IOException {
        Map<String, Account> accounts = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.isBlank() && !line.startsWith("#")) {
                Account account = parse(line, i + 1);
                if (accounts.put(account.name, account) != null) {
                    throw new IOException("line " + (i + 1) + ": there is an account of that name before");
                }
            }
        }
        return accounts;
    }

    private static Account parse(String line, int number) throws IOException {
        String[] fields = line.split("\t", -1);
        if (fields.length != 5
                || Names.flawOfClient(fields[0]).isPresent()
                || !fields[1].equals(SCHEME)
                || Setting.number(fields[2])
                        .filter(n -> n > 0 && n <= MAX_ITERATIONS)
                        .isEmpty()
                || !isBase64(fields[3], SALT_BYTES)
                || !isBase64(fields[4], HASH_BYTES)) {
            // The line is not repeated: it is half a secret.
            throw new IOException("line " + number + " must be a name, " + SCHEME + ", a number, a salt and a hash, "
                    + "separated by tabs, as the command user writes them");
        }
        return new Account(fields[0], Integer.parseInt(fields[2]), fields[3], fields[4]);
    }

    private static boolean isBase64(String text, int bytes) {
        try {
            return Base64.getDecoder().decode(text).length == bytes;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Its line in the users file. */
    String line() {
        return String.join("\t", name, SCHEME, Integer.toString(iterations), salt, hash);
    }

    @Override
    public String toString() {
        return "account " + name;
    }
}
