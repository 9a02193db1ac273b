package io.seleucia.chat.server;

import io.seleucia.chat.auth.User;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens by which the devices of accounts stay signed in. Each names the account, when it was issued and when it expires, and
 * is signed with a key that depends on a secret, the account, its password and how often it was disabled: another password
 * makes all of its tokens void, and so does disabling it. The secret is in a file beside the users file, and is created with the first token. Servers that share the files take
 * each other's tokens, and keep no list of them. Any thread; issuing may write the file, and blocks for that.
 */
final class DeviceTokens {
    /** The beginning of such a token, which no JWT has. */
    static final String PREFIX = "device.";

    /** The longest lifetime: servers know of revocations for a day longer. */
    static final Duration LONGEST = Duration.ofDays(366);

    private static final Logger LOG = System.getLogger(DeviceTokens.class.getName());
    private static final Duration SKEW = Duration.ofSeconds(30); // between the clocks of servers
    private static final String ALGORITHM = "HmacSHA256";
    private static final int SECRET_BYTES = 32;
    private static final int NONCE_BYTES = 16;
    private static final int MAX_CHARS = 1024;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final PrivateFile file;
    private final Duration lifetime;
    private volatile Optional<byte[]> secret = Optional.empty();

    /** A token, and the rest of its lifetime. */
    record Issued(String token, Duration lifetime) {}

    DeviceTokens(Path usersFile, Duration lifetime) {
        this.file = new PrivateFile(usersFile.resolveSibling(usersFile.getFileName() + ".device-key"));
        this.lifetime = lifetime;
    }

    /**
     * Issues a token for an account. It counts as issued at the login, less what clocks may differ: so every revocation that is
     * given after the login makes it void, also if this server does not know of it yet. Its lifetime begins with the login too:
     * servers forget revocations.
     *
     * @param login the time of the login with the password
     * @throws IOException if the secret can't be read or created
     */
    Issued issue(Account account, Instant login, Instant now) throws IOException {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        Instant expires = login.plus(lifetime);
        String claims = String.join(
                "\n",
                account.name(),
                Long.toString(login.minus(SKEW).getEpochSecond()),
                Long.toString(expires.getEpochSecond()),
                encode(nonce));
        String signed = encode(claims.getBytes(StandardCharsets.UTF_8));
        return new Issued(
                PREFIX + signed + "." + encode(sign(secret(), account, signed)), Duration.between(now, expires));
    }

    /**
     * Returns the user of a token; empty if it is void for any reason.
     *
     * @param accounts gives the account of a name, unless it is disabled
     */
    Optional<User> user(String token, Function<String, Optional<Account>> accounts, Instant now) throws IOException {
        String[] parts = token.length() <= MAX_CHARS ? token.split("\\.", -1) : new String[0];
        if (parts.length != 3 || !token.startsWith(PREFIX)) {
            return Optional.empty();
        }
        try {
            String[] claims = new String(decode(parts[1]), StandardCharsets.UTF_8).split("\n", -1);
            Optional<Account> account = claims.length == 4 ? accounts.apply(claims[0]) : Optional.empty();
            Optional<byte[]> known = known();
            if (account.isEmpty()
                    || known.isEmpty()
                    || !MessageDigest.isEqual(decode(parts[2]), sign(known.get(), account.get(), parts[1]))) {
                return Optional.empty();
            }
            Instant expires = Instant.ofEpochSecond(Long.parseLong(claims[2]));
            return Optional.of(new User(account.get().name())
                            .withVersion(account.get().mark())
                            .withIssued(Instant.ofEpochSecond(Long.parseLong(claims[1])))
                            .withExpires(expires))
                    .filter(user -> expires.isAfter(now));
        } catch (IllegalArgumentException e) { // no base64; a number that is none was not signed here
            return Optional.empty();
        }
    }

    private static byte[] sign(byte[] secret, Account account, String text) {
        byte[] key = mac(secret, account.name() + "\n" + account.mark() + "\n" + account.hash());
        return mac(key, text);
    }

    private static byte[] mac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    /** Returns the secret, if there is one: without it, no token was issued. */
    private Optional<byte[]> known() throws IOException {
        if (secret.isEmpty()) {
            Optional<List<String>> lines = file.read();
            if (lines.isPresent()) {
                FileModes.warning(file.path(), true).ifPresent(warning -> LOG.log(Level.WARNING, warning));
                secret = Optional.of(secretOf(lines.get()));
            }
        }
        return secret;
    }

    private byte[] secret() throws IOException {
        if (known().isEmpty()) {
            file.change(lines -> {
                if (!lines.isEmpty()) {
                    return lines; // another server has created it meanwhile
                }
                byte[] fresh = new byte[SECRET_BYTES];
                RANDOM.nextBytes(fresh);
                LOG.log(Level.INFO, "created " + file.path() + ", the secret by which devices stay signed in");
                return List.of(encode(fresh));
            });
        }
        return known().orElseThrow(() -> new IOException(file.path() + " is gone"));
    }

    private byte[] secretOf(List<String> lines) throws IOException {
        try {
            byte[] found = lines.isEmpty() ? new byte[0] : decode(lines.getFirst());
            if (found.length == SECRET_BYTES) {
                return found;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new IOException(file.path() + " holds no secret; remove it, and all devices have to sign in again");
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] decode(String text) {
        return Base64.getUrlDecoder().decode(text);
    }
}
