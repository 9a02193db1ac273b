package io.seleucia.chat.auth;

import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Logins with tokens that another program has issued and signed: JWTs (RFC 7519) in compact form, with HS256, RS256 or
 * EdDSA (Ed25519). The key determines the algorithm, and a token that names another is wrong. Any thread; blocks nowhere.
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
    public static final int MIN_SECRET_BYTES = 32;

    /** The longest token. */
    public static final int MAX_TOKEN_CHARS = 8 * 1024;

    private static final Logger LOG = System.getLogger(Tokens.class.getName());
    private static final int MIN_RSA_BITS = 2048;
    private static final String GUEST = "guest-";
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

    /** What a signature must be, by the key. */
    private sealed interface Key {
        record Secret(byte[] bytes) implements Key {
            @Override
            public String toString() {
                return "a secret";
            }
        }

        record Public(PublicKey key, String jwtName, String jdkName) implements Key {}
    }

    private final Key key;
    private final Optional<String> audience;
    private final Clock clock;

    private Tokens(Key key, Optional<String> audience, Clock clock) {
        this.key = key;
        this.audience = audience;
        this.clock = clock;
    }

    /**
     * Tokens that are signed with HMAC-SHA256.
     *
     * @throws IllegalArgumentException if the secret has less than {@value #MIN_SECRET_BYTES} bytes
     */
    public static Tokens signedWith(byte[] secret) {
        Objects.requireNonNull(secret, "secret");
        if (secret.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException("a secret must have at least " + MIN_SECRET_BYTES + " bytes");
        }
        return new Tokens(new Key.Secret(secret.clone()), Optional.empty(), Clock.systemUTC());
    }

    /**
     * Tokens that are signed with the private key to this one: RSA of 2048 bits or more, or Ed25519.
     *
     * @throws IllegalArgumentException if it is another
     */
    public static Tokens signedFor(PublicKey key) {
        Objects.requireNonNull(key, "key");
        Key.Public known = switch (key) {
            case RSAPublicKey rsa -> {
                if (rsa.getModulus().bitLength() < MIN_RSA_BITS) {
                    throw new IllegalArgumentException("an RSA key must have at least " + MIN_RSA_BITS + " bits");
                }
                yield new Key.Public(key, "RS256", "SHA256withRSA");
            }
            case EdECPublicKey edwards -> {
                if (!edwards.getParams().getName().equals("Ed25519")) {
                    throw new IllegalArgumentException("of Edwards curves, the key must be of Ed25519");
                }
                yield new Key.Public(key, "EdDSA", "Ed25519");
            }
            default -> throw new IllegalArgumentException("the key must be RSA or Ed25519");
        };
        return new Tokens(known, Optional.empty(), Clock.systemUTC());
    }

    /**
     * Tokens by what stands in a key file: a public key in PEM form ({@code -----BEGIN PUBLIC KEY-----}), or else a
     * secret, which is all bytes of the file but for line ends at its end.
     *
     * @throws IllegalArgumentException if it is neither; the message says what is wrong, and nothing of the content
     */
    public static Tokens of(byte[] file) {
        Objects.requireNonNull(file, "file");
        String text = new String(file, StandardCharsets.ISO_8859_1);
        if (text.contains("-----BEGIN ")) {
            return signedFor(publicKey(text));
        }
        int end = file.length;
        while (end > 0 && (file[end - 1] == '\n' || file[end - 1] == '\r')) {
            end--;
        }
        return signedWith(Arrays.copyOf(file, end));
    }

    private static PublicKey publicKey(String pem) {
        Matcher block = PEM.matcher(pem);
        if (!block.find() || !block.group(1).equals("PUBLIC KEY")) {
            throw new IllegalArgumentException("of keys in PEM form, it must hold one -----BEGIN PUBLIC KEY-----");
        }
        try {
            byte[] encoded = Base64.getDecoder().decode(block.group(2).replaceAll("\\s", ""));
            for (String algorithm : List.of("RSA", "Ed25519")) {
                try {
                    return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
                } catch (GeneralSecurityException e) {
                    continue; // of another algorithm
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the public key is not base64");
        }
        throw new IllegalArgumentException("the public key is malformed, or neither RSA nor Ed25519");
    }

    /** The same for tokens that are for this audience: their claim {@code aud} must name it. */
    public Tokens withAudience(String audience) {
        Objects.requireNonNull(audience, "audience");
        return new Tokens(key, Optional.of(audience), clock);
    }

    /** The same with another clock. */
    Tokens withClock(Clock clock) {
        return new Tokens(key, audience, clock);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials, String address) {
        if (!(credentials instanceof Credentials.Token token)) {
            return Optional.empty();
        }
        try {
            return Optional.of(verify(token.token()));
        } catch (Claims.MalformedException e) {
            LOG.log(Level.DEBUG, () -> "a token from " + address + " is refused: " + e.getMessage());
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
        if (!header.string("alg").equals(Optional.of(algorithm()))) {
            throw new Claims.MalformedException("alg must be " + algorithm());
        }
        if (header.has("crit")) { // RFC 7515 §4.1.11: there are no extensions that are understood
            throw new Claims.MalformedException("crit is not understood");
        }
        byte[] signed =
                token.substring(0, parts[0].length() + 1 + parts[1].length()).getBytes(StandardCharsets.US_ASCII);
        if (!isSignature(decode(parts[2]), signed)) {
            throw new Claims.MalformedException("the signature is wrong");
        }
        return user(Claims.parse(text(decode(parts[1]))));
    }

    private String algorithm() {
        return switch (key) {
            case Key.Secret secret -> "HS256";
            case Key.Public known -> known.jwtName;
        };
    }

    private boolean isSignature(byte[] signature, byte[] signed) {
        try {
            return switch (key) {
                case Key.Secret secret -> {
                    Mac mac = Mac.getInstance("HmacSHA256");
                    mac.init(new SecretKeySpec(secret.bytes, "HmacSHA256"));
                    yield MessageDigest.isEqual(mac.doFinal(signed), signature);
                }
                case Key.Public known -> {
                    Signature verifier = Signature.getInstance(known.jdkName);
                    verifier.initVerify(known.key);
                    verifier.update(signed);
                    yield verifier.verify(signature);
                }
            };
        } catch (GeneralSecurityException e) {
            return false; // of another length, or no point of the curve
        }
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
        if (audience.isPresent() || claims.has("aud")) {
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
