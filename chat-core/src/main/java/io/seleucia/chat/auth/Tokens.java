package io.seleucia.chat.auth;

import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.text.Utf8;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PublicKey;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Logins with tokens that another program has issued and signed: JWTs (RFC 7519) in compact form, with HS256, RS256,
 * ES256 or EdDSA (Ed25519). The key determines the algorithm; a token that names another is refused. Any thread; does not
 * block. The reason of a refusal is logged at INFO, at most once a second for each reason, without the token.
 *
 * <p>A token must have the claims {@code sub}, the user's name, and {@code exp}; {@code nbf} and {@code iat} are respected.
 * {@code rules} may be a list of {@link Rules} for this user, without the word for the user, that limit its rights. A token
 * with {@code aud} is valid only for that audience. Clocks may differ by {@link #SKEW}.
 */
public final class Tokens implements Authenticator {
    /** The tolerated difference between the clock of the issuer and this one. */
    public static final Duration SKEW = Duration.ofSeconds(30);

    /** The least length of a secret, in bytes (RFC 7518 §3.2). */
    public static final int MIN_SECRET_BYTES = Secrets.MIN_BYTES;

    /** The greatest age of a token: a revocation older than this is forgotten. Applies to tokens with {@code iat}. */
    public static final Duration MAX_AGE = Duration.ofDays(366);

    /** The longest token. */
    public static final int MAX_TOKEN_CHARS = 8 * 1024;

    private static final Logger LOG = System.getLogger(Tokens.class.getName());
    private static final String GUEST = "guest-";

    /** The algorithm of a token's signature (RFC 7518 §3.1, RFC 8037 §3.1). */
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

        /** {@return the algorithm's name in the header of a token} */
        public String jwtName() {
            return jwtName;
        }
    }

    private static final Set<String> ALL =
            Arrays.stream(Algorithm.values()).map(Algorithm::jwtName).collect(Collectors.toUnmodifiableSet());

    private final List<TokenKey> keys;
    private final Optional<String> audience;
    private final Clock clock;
    private final ThrottledLog refusals = new ThrottledLog(LOG, Level.INFO);

    private Tokens(List<TokenKey> keys, Optional<String> audience, Clock clock) {
        this.keys = keys;
        this.audience = audience;
        this.clock = clock;
    }

    private Tokens(List<TokenKey> keys) {
        this(keys, Optional.empty(), Clock.systemUTC());
    }

    /**
     * {@return tokens that are signed with HMAC-SHA256}
     *
     * @param secret the secret
     * @throws IllegalArgumentException if the secret has less than {@value #MIN_SECRET_BYTES} bytes, is easy to guess, or
     *     an encoded key; the message does not quote it
     */
    public static Tokens signedWith(byte[] secret) {
        Objects.requireNonNull(secret, "secret");
        return new Tokens(List.of(TokenKey.of(secret)));
    }

    /**
     * {@return tokens that are signed with the private key of a pair} It is RSA of 2048 bits or more, EC on the curve P-256, or
     * Ed25519.
     *
     * @param key the public key of the pair
     * @throws IllegalArgumentException if it is another kind of key
     */
    public static Tokens signedFor(PublicKey key) {
        Objects.requireNonNull(key, "key");
        return new Tokens(List.of(TokenKey.of(key)));
    }

    /**
     * {@return tokens with the keys of a file: a public key in PEM form ({@code -----BEGIN PUBLIC KEY-----}), a JWK or a JWK
     * set (RFC 7517), or a secret in one line of visible ASCII characters}
     *
     * @param file the content of the file
     * @throws IllegalArgumentException if the content is ambiguous, or a key is weak; the message does not quote it
     */
    public static Tokens of(byte[] file) {
        Objects.requireNonNull(file, "file");
        return new Tokens(TokenKeys.parse(file, ALL));
    }

    /**
     * {@return tokens with the keys of a file as in {@link #of}, or of all files of a directory} In a directory, a key without a
     * {@code kid} gets its file's name up to the last dot. Files whose names begin with a dot are ignored.
     *
     * <p>A token with a {@code kid} is checked with the key that has it, or, if there is no such key, with each key without
     * a {@code kid}. A token without a {@code kid} is checked with every key.
     *
     * @param path the file or directory
     * @throws IOException if a file can't be read or used; the message names it and says what is wrong
     */
    public static Tokens read(Path path) throws IOException {
        Objects.requireNonNull(path, "path");
        return new Tokens(TokenKeys.read(path, ALL));
    }

    /**
     * {@return tokens as in {@link #read(Path)}, with keys for one algorithm only} For {@link Algorithm#HS256} a secret may be
     * any bytes, without the end of the last line.
     *
     * @param path the file or directory
     * @param algorithm the only algorithm that is accepted
     * @throws IOException if the keys cannot be read; the message says why
     */
    public static Tokens read(Path path, Algorithm algorithm) throws IOException {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(algorithm, "algorithm");
        return new Tokens(TokenKeys.read(path, Set.of(algorithm.jwtName())));
    }

    /** {@return whether one of the keys is a secret, which could issue tokens as well} */
    public boolean hasSecret() {
        return keys.stream().anyMatch(key -> key.algorithm().equals(TokenKey.HMAC));
    }

    /**
     * {@return tokens whose claim {@code aud} must name an audience}
     *
     * @param audience the audience
     */
    public Tokens withAudience(String audience) {
        Objects.requireNonNull(audience, "audience");
        return new Tokens(keys, Optional.of(audience), clock);
    }

    /** Returns the same with another clock. */
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
            refusals.log(e.getMessage(), () -> "a token from " + address + " is refused: " + e.getMessage());
            return Optional.empty();
        }
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
        if (header.has("crit")) { // RFC 7515 §4.1.11: no extension is supported
            throw new Claims.MalformedException("crit is not understood");
        }
        if (header.has("b64")) { // RFC 7797 §7: no JWT may have it
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

    /** Returns the keys that may have signed a token. Its header chooses among them, but not their algorithms. */
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
                .filter(key -> algorithm.equals(Optional.of(key.algorithm())))
                .toList();
        if (candidates.isEmpty()) {
            throw new Claims.MalformedException("alg must be "
                    + possible.stream()
                            .map(TokenKey::algorithm)
                            .distinct()
                            .sorted()
                            .collect(Collectors.joining(" or ")));
        }
        return candidates;
    }

    private User user(Claims claims) throws Claims.MalformedException {
        Instant now = clock.instant();
        String name = claims.string("sub").orElseThrow(() -> new Claims.MalformedException("sub is missing"));
        if (Names.flawOfClient(name).isPresent() || Names.skeleton(name).startsWith(Names.skeleton(GUEST))) {
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
                throw new Claims.MalformedException("it is for another audience");
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

    /** Decodes strict base64url without padding (RFC 7515 §2): each sequence of bytes has one text only. */
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
            return Utf8.decode(utf8);
        } catch (CharacterCodingException e) {
            throw new Claims.MalformedException("not UTF-8");
        }
    }
}
