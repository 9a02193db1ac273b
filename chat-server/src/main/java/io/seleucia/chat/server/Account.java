package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * An account, which is a line of the users file: name, hash function, iterations, salt and hash, separated by tabs. If it was
 * ever disabled with this password, the word {@code disabled} or {@code enabled} and how often it was disabled follow.
 * Passwords are normalised (NFC) before they are hashed, because keyboards compose characters differently.
 *
 * @param salt in base64
 * @param hash in base64
 * @param disabled whether no login is accepted, and the name stays taken
 * @param timesDisabled how often it was disabled since its password was set
 */
record Account(String name, int iterations, String salt, String hash, boolean disabled, int timesDisabled) {
    /** Iterations of PBKDF2 for a new password. */
    static final int ITERATIONS = 600_000;

    /** The longest password, in bytes of UTF-8. */
    static final int MAX_PASSWORD_BYTES = 1024;

    private static final int MAX_PASSWORD_CHARS = 3 * MAX_PASSWORD_BYTES; // NFC shortens text to a third at most
    private static final String LENGTH_FLAW = "a password must have 1 to " + MAX_PASSWORD_BYTES + " bytes";
    private static final String DISABLED = "disabled";
    private static final String ENABLED = "enabled"; // again
    private static final String SCHEME = "pbkdf2-hmac-sha256";
    private static final int MAX_ITERATIONS = 10_000_000;
    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Returns a new account. Computes for some tenths of a second. */
    static Account of(String name, String password) {
        return of(name, password, ITERATIONS);
    }

    static Account of(String name, String password, int iterations) {
        byte[] salt = random(SALT_BYTES);
        return new Account(name, iterations, encode(salt), encode(hash(password, salt, iterations)), false, 0);
    }

    /**
     * Returns why a text can't be a password, as a sentence, or empty if it can. Computes for some milliseconds at most,
     * however long the text is.
     */
    static Optional<String> flawOfPassword(String password) {
        if (password.length() > MAX_PASSWORD_CHARS) { // before normalising, which may take quadratic time
            return Optional.of(LENGTH_FLAW);
        }
        if (!Names.isUnicode(password)) {
            return Optional.of("a password must be valid Unicode");
        }
        int bytes = normal(password).getBytes(StandardCharsets.UTF_8).length;
        return bytes >= 1 && bytes <= MAX_PASSWORD_BYTES ? Optional.empty() : Optional.of(LENGTH_FLAW);
    }

    /** Returns an account without a password. Checking a password takes as long as with any other account. */
    static Account decoy(int iterations) {
        return new Account("nobody", iterations, encode(random(SALT_BYTES)), encode(random(HASH_BYTES)), false, 0);
    }

    Account withDisabled(boolean whether) {
        int times = whether && !disabled ? timesDisabled + 1 : timesDisabled;
        return new Account(name, iterations, salt, hash, whether, times);
    }

    /** Returns what a login is bound to: it is another text after another password, and after each time it was disabled. */
    String mark() {
        return timesDisabled == 0 ? salt : salt + "#" + timesDisabled;
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return random;
    }

    /** Returns whether a password is right. Computes as long as {@link #of} for any text. */
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

    /** Returns the text to be hashed. Takes quadratic time for texts that are crafted for it. */
    static String normal(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFC);
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Returns the accounts in a users file, in order. */
    static Map<String, Account> parse(List<String> lines) throws IOException {
        Map<String, Account> accounts = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (isAccount(line)) {
                Account account = parse(line, i + 1);
                if (accounts.put(account.name, account) != null) {
                    throw new IOException("line " + (i + 1) + ": an earlier line has the same name");
                }
            }
        }
        return accounts;
    }

    private static boolean isAccount(String line) {
        return !line.isBlank() && !line.startsWith("#");
    }

    /**
     * Returns a warning for each account whose name is reserved or looks like an earlier one. Such accounts can log in, but
     * the command {@code user} does not add them.
     *
     * @param lines that can be parsed
     */
    static List<String> likenesses(List<String> lines, ReservedNames reserved) {
        List<String> likenesses = new ArrayList<>();
        Map<String, Integer> seen = new HashMap<>(); // the number of the line, by skeleton
        for (int i = 0; i < lines.size(); i++) {
            if (isAccount(lines.get(i))) {
                String name = lines.get(i).substring(0, lines.get(i).indexOf('\t'));
                Integer before = seen.putIfAbsent(Names.skeleton(name), i + 1);
                if (before != null) {
                    likenesses.add("lines " + before + " and " + (i + 1)
                            + ": the names of these accounts look alike, remove one of them");
                }
                if (reserved.include(name)) {
                    likenesses.add(
                            "line " + (i + 1) + ": this name is reserved, or looks like a reserved one: remove it");
                }
            }
        }
        return likenesses;
    }

    private static Account parse(String line, int number) throws IOException {
        String[] fields = line.split("\t", -1);
        boolean disabled = fields.length > 5 && fields[5].equals(DISABLED);
        Optional<Integer> timesDisabled = timesDisabled(fields);
        if (timesDisabled.isEmpty()
                || !fields[1].equals(SCHEME)
                || Setting.number(fields[2])
                        .filter(n -> n > 0 && n <= MAX_ITERATIONS)
                        .isEmpty()
                || !isBase64(fields[3], SALT_BYTES)
                || !isBase64(fields[4], HASH_BYTES)) {
            // The message does not repeat the line, which contains a hash.
            throw new IOException("line " + number + " must be a name, " + SCHEME + ", a number, a salt, a hash and "
                    + "possibly the word " + DISABLED + " or " + ENABLED
                    + " and a number, separated by tabs, as the command user writes them");
        }
        Optional<String> flaw = Names.flawOfClient(fields[0]);
        if (flaw.isPresent()) {
            throw new IOException("line " + number + ": " + flaw.get());
        }
        return new Account(
                Names.normal(fields[0]),
                Integer.parseInt(fields[2]),
                fields[3],
                fields[4],
                disabled,
                timesDisabled.get());
    }

    private static Optional<Integer> timesDisabled(String[] fields) {
        return switch (fields.length) {
            case 5 -> Optional.of(0);
            case 6 -> fields[5].equals(DISABLED) ? Optional.of(1) : Optional.empty();
            case 7 ->
                Setting.number(fields[6])
                        .filter(times -> times > 0 && (fields[5].equals(DISABLED) || fields[5].equals(ENABLED)));
            default -> Optional.empty();
        };
    }

    private static boolean isBase64(String text, int bytes) {
        try {
            return Base64.getDecoder().decode(text).length == bytes;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    String line() {
        return String.join("\t", name, SCHEME, Integer.toString(iterations), salt, hash)
                + (timesDisabled == 0 ? "" : "\t" + (disabled ? DISABLED : ENABLED) + "\t" + timesDisabled);
    }

    @Override
    public String toString() {
        return "account " + name;
    }
}
