package io.seleucia.chat.auth;

import static io.seleucia.chat.auth.TokenMaker.SECRET;
import static io.seleucia.chat.auth.TokenMaker.encode;
import static io.seleucia.chat.auth.TokenMaker.hmac;
import static io.seleucia.chat.auth.TokenMaker.signed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.message.Credentials;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);
    private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    private static final String CLAIMS = "{\"sub\":\"ada\",\"iat\":1799999990,\"exp\":1800000060}";

    private final Tokens tokens = at(Tokens.signedWith(SECRET), NOW);

    private static Tokens at(Tokens tokens, Instant now) {
        return tokens.withClock(Clock.fixed(now, ZoneOffset.UTC));
    }

    private static Optional<User> login(Tokens tokens, String token) {
        return tokens.authenticate(new Credentials.Token(token), "127.0.0.1");
    }

    private void assertRefused(String claims) throws Exception {
        assertThat(login(tokens, hmac(HEADER, claims, SECRET))).as(claims).isEmpty();
    }

    @Test
    void takesATokenOfEachAlgorithm() throws Exception {
        KeyPair rsa = keys("RSA");
        KeyPair edwards = keys("Ed25519");

        Optional<User> user = login(tokens, hmac(HEADER, CLAIMS, SECRET));

        assertThat(user).isPresent();
        assertThat(user.get().name()).isEqualTo("ada");
        assertThat(user.get().guest()).isFalse();
        assertThat(user.get().issued()).contains(Instant.ofEpochSecond(1_799_999_990));
        assertThat(user.get().expires()).contains(NOW.plusSeconds(60).plus(Tokens.SKEW));
        assertThat(user.get().rules()).isEmpty();
        assertThat(login(
                        at(Tokens.of(pem(rsa)), NOW),
                        signed("SHA256withRSA", "{\"alg\":\"RS256\"}", CLAIMS, rsa.getPrivate())))
                .isPresent();
        assertThat(login(
                        at(Tokens.of(pem(edwards)), NOW),
                        signed("Ed25519", "{\"alg\":\"EdDSA\"}", CLAIMS, edwards.getPrivate())))
                .isPresent();
    }

    /** The example of RFC 7515 §A.1: a token that somebody else has made. */
    @Test
    void takesWhatOthersHaveMade() {
        byte[] key = Base64.getUrlDecoder()
                .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        String token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
                + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

        // Its signature is right, and so its claims are looked at: there is no sub.
        assertThat(login(at(Tokens.signedWith(key), Instant.ofEpochSecond(1_300_819_000)), token))
                .isEmpty();
    }

    @Test
    void leavesTheAlgorithmToTheKey() throws Exception {
        KeyPair rsa = keys("RSA");
        byte[] pem = pem(rsa);
        Tokens byRsa = at(Tokens.of(pem), NOW);

        assertThat(login(byRsa, hmac(HEADER, CLAIMS, pem))).isEmpty();
        assertThat(login(byRsa, hmac(HEADER, CLAIMS, rsa.getPublic().getEncoded())))
                .isEmpty();
        assertThat(login(byRsa, hmac("{\"alg\":\"RS256\"}", CLAIMS, pem))).isEmpty();
        assertThat(login(tokens, signed("SHA256withRSA", "{\"alg\":\"RS256\"}", CLAIMS, rsa.getPrivate())))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"alg\":\"none\"}",
                "{\"alg\":\"None\"}",
                "{\"alg\":\"hs256\"}",
                "{\"alg\":\"HS512\"}",
                "{\"alg\":[\"HS256\"]}",
                "{\"alg\":null}",
                "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
                "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
                "{\"alg\":\"HS256\",\"crit\":null}",
                "{\"alg\":\"HS256\",\"b64\":false}",
                "{\"alg\":\"HS256\",\"kid\":7}",
                "{\"alg\":\"HS256\",\"kid\":null,\"kid\":\"a\"}",
                "{}",
                "[]",
                "",
                "{\"alg\":\"HS256\"}{}"
            })
    void refusesOtherHeaders(String header) throws Exception {
        assertThat(login(tokens, hmac(header, CLAIMS, SECRET))).isEmpty();
        assertThat(login(tokens, encode(header) + "." + encode(CLAIMS) + ".")).isEmpty();
    }

    @Test
    void refusesWhatWasChanged() throws Exception {
        String token = hmac(HEADER, CLAIMS, SECRET);
        String[] parts = token.split("\\.");

        assertThat(login(tokens, parts[0] + "." + encode(CLAIMS.replace("ada", "bob")) + "." + parts[2]))
                .isEmpty();
        assertThat(login(tokens, parts[0] + "." + parts[1] + ".")).isEmpty();
        assertThat(login(tokens, parts[0] + "." + parts[1])).isEmpty();
        assertThat(login(tokens, token + ".")).isEmpty();
        assertThat(login(tokens, token + ".x")).isEmpty();
        assertThat(login(tokens, token + "=")).isEmpty();
        assertThat(login(tokens, token + "\n")).isEmpty();
        assertThat(login(tokens, " " + token)).isEmpty();
        assertThat(login(tokens, "")).isEmpty();
        assertThat(login(tokens, "..")).isEmpty();
        assertThat(login(tokens, hmac(HEADER, CLAIMS, new byte[32]))).isEmpty();
    }

    /** The last character of 32 bytes in base64 has two bits that mean nothing: there must be one text for each token. */
    @Test
    void refusesBase64WithStrayBits() throws Exception {
        String token = hmac(HEADER, CLAIMS, SECRET);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char last = token.charAt(token.length() - 1);
        char other = alphabet.charAt(alphabet.indexOf(last) + 1);

        assertThat(login(tokens, token.substring(0, token.length() - 1) + other))
                .isEmpty();
    }

    @Test
    void refusesWhatIsTooLong() throws Exception {
        String claims = CLAIMS.replace("}", ",\"x\":\"" + "x".repeat(Tokens.MAX_TOKEN_CHARS) + "\"}");

        assertRefused(claims);
        assertThat(login(tokens, ".".repeat(10_000_000))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"exp\":1800000060}",
                "{\"sub\":\"ada\"}",
                "{\"sub\":7,\"exp\":1800000060}",
                "{\"sub\":\"\",\"exp\":1800000060}",
                "{\"sub\":\"a\\u0000\",\"exp\":1800000060}",
                "{\"sub\":\"guest-1\",\"exp\":1800000060}",
                "{\"sub\":null,\"exp\":1800000060}",
                "{\"sub\":null,\"sub\":\"ada\",\"exp\":1800000060}",
                "{\"sub\":\"ada\",\"exp\":null}",
                "{\"sub\":\"ada\",\"exp\":NaN}",
                "{\"sub\":\"ada\",\"sub\":\"ada\",\"exp\":1800000060}",
                "{\"sub\":\"bob\",\"exp\":1800000060,\"s\\u0075b\":\"ada\"}",
                "{\"sub\":\"ada\",\"exp\":\"1800000060\"}",
                "{\"sub\":\"ada\",\"exp\":-1}",
                "{\"sub\":\"ada\",\"exp\":1e99}",
                "{\"sub\":\"ada\",\"exp\":1e-999999999}",
                "{\"sub\":\"ada\",\"exp\":99999999999999999999}",
                "{\"sub\":\"ada\",\"exp\":true}",
                "{\"sub\":\"ada\",\"exp\":[1800000060]}",
                "{\"sub\":\"ada\",\"exp\":1799999970}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"iat\":1768000000}", // a year and more ago
                "{\"sub\":\"ada\",\"exp\":1800000060,\"nbf\":1800000031}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"nbf\":\"x\"}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"iat\":1800000031}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"aud\":\"others\"}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"rules\":\"allow everything\"}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"rules\":[1]}",
                "{\"sub\":\"ada\",\"exp\":1800000060}x",
                "[\"ada\"]",
                "\"ada\"",
                "null",
            })
    void refusesClaims(String claims) throws Exception {
        assertRefused(claims);
    }

    @Test
    void refusesClaimsThatAreNestedWithoutEnd() throws Exception {
        assertRefused("{\"sub\":\"ada\",\"exp\":1800000060,\"x\":" + "[".repeat(2_000) + "]".repeat(2_000) + "}");
    }

    @Test
    void refusesClaimsThatAreNoUtf8() throws Exception {
        byte[] claims = CLAIMS.replace("ada", "\u00e9").getBytes(StandardCharsets.ISO_8859_1);
        String signed = encode(HEADER) + "." + encode(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));

        assertThat(login(tokens, signed + "." + encode(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)))))
                .isEmpty();
    }

    @Test
    void letsClocksDiffer() throws Exception {
        assertThat(login(tokens, hmac(HEADER, "{\"sub\":\"ada\",\"exp\":1799999971}", SECRET)))
                .isPresent();
        assertThat(login(
                        tokens,
                        hmac(
                                HEADER,
                                "{\"sub\":\"ada\",\"exp\":1800000060.5,\"nbf\":1800000030,\"iat\":1800000030}",
                                SECRET)))
                .isPresent();
    }

    @Test
    void isForItsAudience() throws Exception {
        Tokens ours = tokens.withAudience("chat");
        String forUs = "{\"sub\":\"ada\",\"exp\":1800000060,\"aud\":[\"shop\",\"chat\"]}";

        assertThat(login(ours, hmac(HEADER, forUs, SECRET))).isPresent();
        assertThat(login(ours, hmac(HEADER, CLAIMS, SECRET))).isEmpty();
        assertThat(login(ours, hmac(HEADER, forUs.replace("chat", "Chat"), SECRET)))
                .isEmpty();
    }

    /** RFC 7519 §2: a NumericDate is any number of JSON; and a claim that is null is one that is not there. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sub\":\"ada\",\"exp\":1.9e9}",
                "{\"sub\":\"ada\",\"exp\":19E8,\"iat\":1.79E+9}",
                "{\"sub\":\"ada\",\"exp\":1800000060.123456789123456789}",
                "{\"sub\":\"ada\",\"exp\":253402300799,\"nbf\":-1.5,\"iat\":17.99e8}",
                "{\"sub\":\"ada\",\"exp\":1800000060,\"nbf\":null,\"iat\":null,\"aud\":null,\"rules\":null,\"x\":null}",
            })
    void takesEveryFormOfATimeAndNull(String claims) throws Exception {
        assertThat(login(tokens, hmac(HEADER, claims, SECRET))).as(claims).isPresent();
    }

    @Test
    void logsWhyATokenIsRefusedWithoutTheToken() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getLevel() + " " + line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        java.util.logging.Logger logger = java.util.logging.Logger.getLogger(Tokens.class.getName());
        java.util.logging.Level level = logger.getLevel();
        logger.setLevel(java.util.logging.Level.INFO);
        logger.addHandler(handler);
        try {
            String secret = "{\"alg\":\"HS256\",\"kid\":\"private-kid\"}";
            for (int i = 0; i < 200; i++) {
                login(tokens, hmac(secret, "{\"sub\":\"private\",\"exp\":1700000000}", SECRET));
            }
            login(tokens, "private.private.private");
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(level);
        }

        assertThat(lines).anyMatch(line -> line.startsWith("INFO a token from 127.0.0.1 is refused: it has expired"));
        assertThat(lines).hasSizeLessThan(100).noneMatch(line -> line.contains("private"));
    }

    @Test
    void carriesRules() throws Exception {
        String claims =
                "{\"sub\":\"ada\",\"exp\":1800000060,\"rules\":[\"deny publish news.old\",\"allow publish,subscribe news.*\"]}";

        User ada = login(tokens, hmac(HEADER, claims, SECRET)).orElseThrow();
        Rules rules = ada.rules().orElseThrow();

        assertThat(rules.allows(ada, Action.PUBLISH, "news.today", Optional.empty()))
                .isTrue();
        assertThat(rules.allows(ada, Action.PUBLISH, "news.old", Optional.empty()))
                .isFalse();
        assertThat(rules.allows(ada, Action.SUBSCRIBE, "news.old", Optional.empty()))
                .isTrue();
        assertThat(rules.allows(ada, Action.SUBSCRIBE, "lobby", Optional.empty()))
                .isFalse();
    }

    @Test
    void knowsNoPasswords() {
        assertThat(tokens.authenticate(new Credentials.Password("ada", "x"), "127.0.0.1"))
                .isEmpty();
    }

    @Test
    void refusesKeysThatWillNotDo() throws Exception {
        KeyPairGenerator small = KeyPairGenerator.getInstance("RSA");
        small.initialize(1024);

        assertThatThrownBy(() -> Tokens.signedWith(new byte[31])).hasMessageContaining("32 bytes");
        assertThatThrownBy(() -> Tokens.of((new String(SECRET, StandardCharsets.US_ASCII).substring(1) + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII)))
                .hasMessageContaining("32 bytes");
        assertThatThrownBy(() -> Tokens.of(pem(small.generateKeyPair()))).hasMessageContaining("2048 bits");
        assertThatThrownBy(() -> Tokens.of(pem(keys("Ed448")))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tokens.of(pem(keys("EC")))).hasMessageContaining("P-256");
        assertThatThrownBy(() -> Tokens.of("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"
                        .getBytes(StandardCharsets.US_ASCII)))
                .hasMessageContaining("BEGIN PUBLIC KEY");
        assertThatThrownBy(() -> Tokens.of("-----BEGIN PUBLIC KEY-----\n!secret!\n-----END PUBLIC KEY-----"
                        .getBytes(StandardCharsets.US_ASCII)))
                .hasMessageNotContaining("secret");
    }

    @Test
    void takesASecretWithoutTheEndOfItsLine() throws Exception {
        byte[] file = (new String(SECRET, StandardCharsets.US_ASCII) + "\n").getBytes(StandardCharsets.US_ASCII);

        assertThat(login(at(Tokens.of(file), NOW), hmac(HEADER, CLAIMS, SECRET)))
                .isPresent();
    }

    @Test
    void keepSecretsToThemselves() {
        assertThat(tokens.toString()).doesNotContain("kX3vQ9");
        assertThat(new Credentials.Token("abc").toString()).doesNotContain("abc");
        assertThat(new Credentials.Password("ada", "abc").toString()).doesNotContain("abc");
    }

    private static KeyPair keys(String algorithm) throws Exception {
        return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    }

    private static byte[] pem(KeyPair keys) {
        return ("-----BEGIN PUBLIC KEY-----\n"
                        + Base64.getMimeEncoder()
                                .encodeToString(keys.getPublic().getEncoded())
                        + "\n-----END PUBLIC KEY-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
