package io.seleucia.chat.auth;

import io.seleucia.chat.concurrent.ThrottledLogs;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Names;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PublicKey;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Logins with tokens that another program has issued and signed: JWTs (RFC 7519) in compact form, with HS256, RS256,
 * ES256 or EdDSA (Ed25519). The key determines the algorithm, and a token that names another is wrong. Any thread; blocks
 * nowhere. Why a token is refused is logged at INFO, at most once a second for each reason, without the token.
 *
 * <p>A token must have the claims {@code sub}, the user's name, and {@code exp}; {@code nbf} and {@code iat} are kept
 * where they stand. {@code rules} may be a list of {@link Rules} for this user alone, without the word that says who:
 * then nothing is allowed beyond them. A token with {@code aud} is for those only whom it names. Clocks may differ by
 * {@link #SKEW}.
 */
public final class Tokens implements Authenticator {
    /** How much the clock of who issues tokens may differ from this one. */
    public static final Duration SKEW = Duration.ofSeconds(30);

    /** The least length of a secret, in bytes (RFC 7518 §3.2). */
    public static final int MIN_SECRET_BYTES = Secrets.MIN_BYTES;

    /**
     * How old a token may be: a revocation that is older than any token is forgotten. A token that does not say when it was
     * issued should not live for longer either.
     */
    public static final Duration MAX_AGE = Duration.ofDays(366);

    /** The longest token. */
    public static final int MAX_TOKEN_CHARS = 8 * 1024;

    private static final Logger LOG = System.getLogger(Tokens.class.getName());
    private static final ThrottledLogs REFUSALS = new ThrottledLogs(LOG, Level.INFO);
    private static final String GUEST = "guest-";

    /** How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1). */
    public enum Algorithm {
        /** HMAC with SHA-256 and a secret, which could sign tokens as well. */
        HS256("HS256"),
        /** RSA of 2048 bits or more, with SHA-256 and the padding of PKCS#1. */
        RS256("RS256"),
        /** ECDSA on the curve P-256 with SHA-256. */
        ES256("ES256"),
        /** Ed25519. */
        EDDSA("EdDSA");

        private final String jwtName;

        Algorithm(String jwtName) {
            this.jwtName = jwtName;
        }

        /** Returns the name that it has in the header of a token. */
        public String jwtName() {
            return jwtName;
        }
    }

    private final List<TokenKey> keys;
    private final Optional<String> audience;
    private final Clock clock;

    private Tokens(List<TokenKey> keys, Optional<String> audience, Clock clock) {
        this.keys = keys;
        this.audience = audience;
        this.clock = clock;
    }

    private Tokens(List<TokenKey> keys) {
        this(keys, Optional.empty(), Clock.systemUTC());
    }

    /**
     * Tokens that are signed with HMAC-SHA256.
     *
     * @throws IllegalArgumentException if the secret has less than {@value #MIN_SECRET_BYTES} bytes, is easy to guess, or
     *     an encoded key; the message says nothing of it
     */
    public static Tokens signedWith(byte[] secret) {
        Objects.requireNonNull(secret, "secret");
        return new Tokens(List.of(TokenKey.of(secret)));
    }

    /**
     * Tokens that are signed with the private key to this one: RSA of 2048 bits or more, EC on the curve P-256, or
     * Ed25519.
     *
     * @throws IllegalArgumentException if it is another
     */
    public static Tokens signedFor(PublicKey key) {
        Objects.requireNonNull(key, "key");
        return new Tokens(List.of(TokenKey.of(key)));
    }

    /**
     * Tokens by what stands in a key file: a public key in PEM form ({@code -----BEGIN PUBLIC KEY-----}), a JWK or a JWK
     * set (RFC 7517), or else a secret, in one line of visible ASCII characters.
     *
     * @throws IllegalArgumentException if it is not clearly one of them, or no good one; the message says what is wrong,
     *     and nothing of the content
     */
    public static Tokens of(byte[] file) {
        Objects.requireNonNull(file, "file");
        return new Tokens(TokenKeys.parse(file, EnumSet.allOf(Algorithm.class)));
    }

    /**
     * Tokens by a key file as in {@link #of}, or by all files of a directory, each with a key. A key of a directory that
     * brings no {@code kid} has its file's name as such, up to the last dot. Files that begin with a dot are ignored.
     *
     * <p>A token with a {@code kid} is checked with the key that has it; if there is none, as any token without a {@code
     * kid}, it is checked with each key that has none, and one without a {@code kid} with every key.
     *
     * @throws IOException if a file can't be read or used; the message says which, and what is wrong
     */
    public static Tokens read(Path path) throws IOException {
        Objects.requireNonNull(path, "path");
        return new Tokens(TokenKeys.read(path, EnumSet.allOf(Algorithm.class)));
    }

    /**
     * The same, with keys for this algorithm only. For {@link Algorithm#HS256} a secret may be any bytes, but for those at
     * the end that end a line.
     */
    public static Tokens read(Path path, Algorithm algorithm) throws IOException {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(algorithm, "algorithm");
        return new Tokens(TokenKeys.read(path, EnumSet.of(algorithm)));
    }

    /** Returns whether one of the keys is a secret: who can read it can issue tokens. */
    public boolean hasSecret() {
        return keys.stream().anyMatch(key -> key.algorithm() == Algorithm.HS256);
    }

    /** The same for tokens that are for this audience: their claim {@code aud} must name it. */
    public Tokens withAudience(String audience) {
        Objects.requireNonNull(audience, "audience");
        return new Tokens(keys, Optional.of(audience), clock);
    }

    /** The same with another clock. */
    Tokens withClock(Clock clock) {
        return new Tokens(keys, audience, clock);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials, String address) {
        if (!(credentials instanceof Credentials.Token token)) {
            return Optional.empty();
        }
        try {
            return Optional.of(verify(token.token()));
        } catch (Claims.MalformedException e) {
            log(e.getMessage(), address);
            return Optional.empty();
        }
    }

    private static void log(String reason, String address) {
        REFUSALS.log(reason, () -> "a token from " + address + " is refused: " + reason);
    }

    private User verify(String token) throws Claims.MalformedException {
        if (token.length() > MAX_TOKEN_CHARS) {
            throw new Claims.MalformedException("longer than " + MAX_TOKEN_CHARS);
        }
        String[] parts = token.split("\\.", -1);
        if (parts.length != 3) {
            throw new Claims.MalformedException("a token has three parts");
        }
        Claims header = Claims.parse(text(decode(parts[0])));
        List<TokenKey> candidates = candidates(header);
        if (header.has("crit")) { // RFC 7515 §4.1.11: there are no extensions that are understood
            throw new Claims.MalformedException("crit is not understood");
        }
        if (header.has("b64")) { // RFC 7797 §7: which no JWT may have
            throw new Claims.MalformedException("b64 is not understood");
        }
        byte[] signature = decode(parts[2]);
        byte[] signed =
                token.substring(0, parts[0].length() + 1 + parts[1].length()).getBytes(StandardCharsets.US_ASCII);
        if (candidates.stream().noneMatch(key -> key.isSignature(signature, signed))) {
            throw new Claims.MalformedException("the signature is wrong");
        }
        return user(Claims.parse(text(decode(parts[1]))));
    }

    /** The keys that may have signed a token: its header chooses among them, and never how one is used. */
    private List<TokenKey> candidates(Claims header) throws Claims.MalformedException {
        Optional<String> id = header.string("kid");
        List<TokenKey> named =
                keys.stream().filter(key -> id.isEmpty() || key.id().equals(id)).toList();
        List<TokenKey> possible = !named.isEmpty()
                ? named
                : keys.stream().filter(key -> key.id().isEmpty()).toList();
        if (possible.isEmpty()) {
            throw new Claims.MalformedException("no key has its kid");
        }
        Optional<String> algorithm = header.string("alg");
        List<TokenKey> candidates = possible.stream()
                .filter(key -> algorithm.equals(Optional.of(key.algorithm().jwtName())))
                .toList();
        if (candidates.isEmpty()) {
            throw new Claims.MalformedException("alg must be "
                    + possible.stream()
                            .map(key -> key.algorithm().jwtName())
                            .distinct()
                            .sorted()
                            .collect(Collectors.joining(" or ")));
        }
        return candidates;
    }

    private User user(Claims claims) throws Claims.MalformedException {
        Instant now = clock.instant();
        String name = claims.string("sub").orElseThrow(() -> new Claims.MalformedException("sub is missing"));
        if (Names.flawOfClient(name).isPresent() || name.startsWith(GUEST)) {
            throw new Claims.MalformedException("sub must be a client id, and no guest's");
        }
        Instant expires = claims.time("exp")
                .orElseThrow(() -> new Claims.MalformedException("exp is missing"))
                .plus(SKEW);
        Instant issued = claims.time("iat").orElse(Instant.EPOCH);
        Instant earliest = now.plus(SKEW);
        if (!now.isBefore(expires)) {
            throw new Claims.MalformedException("it has expired");
        }
        if (claims.time("nbf").orElse(Instant.EPOCH).isAfter(earliest) || issued.isAfter(earliest)) {
            throw new Claims.MalformedException("it is not valid yet");
        }
        if (!issued.equals(Instant.EPOCH) && issued.isBefore(now.minus(MAX_AGE))) {
            throw new Claims.MalformedException("it was issued more than " + MAX_AGE.toDays() + " days ago");
        }
        if (audience.isPresent() || claims.strings("aud").isPresent()) {
            List<String> intended = claims.strings("aud").orElse(List.of());
            if (audience.isEmpty() || !intended.contains(audience.get())) {
                throw new Claims.MalformedException("it is for somebody else");
            }
        }
        User user = new User(name).withIssued(issued).withExpires(expires);
        Optional<List<String>> rules = claims.strings("rules");
        return rules.isPresent() ? user.withRules(rules(rules.get())) : user;
    }

    private static Rules rules(List<String> lines) throws Claims.MalformedException {
        try {
            return Rules.parseOwn(lines);
        } catch (ParseException e) {
            throw new Claims.MalformedException("rule " + e.getErrorOffset() + " is malformed");
        }
    }

    /** Base64url without padding, as RFC 7515 §2 has it and no laxer: there is one text for each sequence of bytes. */
    private static byte[] decode(String part) throws Claims.MalformedException {
        try {
            byte[] decoded = Base64.getUrlDecoder().decode(part);
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(decoded).equals(part)) {
                return decoded;
            }
        } catch (IllegalArgumentException e) {
            // Its message quotes the token.
        }
        throw new Claims.MalformedException("not base64url");
    }

    private static String text(byte[] utf8) throws Claims.MalformedException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Claims.MalformedException("not UTF-8");
        }
    }
}
