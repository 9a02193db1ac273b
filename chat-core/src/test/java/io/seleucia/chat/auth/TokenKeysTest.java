package io.seleucia.chat.auth;

import static io.seleucia.chat.auth.TokenMaker.SECRET;
import static io.seleucia.chat.auth.TokenMaker.encode;
import static io.seleucia.chat.auth.TokenMaker.hmac;
import static io.seleucia.chat.auth.TokenMaker.signed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Tokens.Algorithm;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a key file may be, and what must never pass for a secret. */
class TokenKeysTest {
    private static final String ES256 = "SHA256withECDSAinP1363Format";
    private static final KeyPair RSA = keys("RSA", 2048);
    private static final KeyPair EC = keys("EC", 256);
    private static final KeyPair ED = keys("Ed25519", 255);

    @TempDir
    private Path directory;

    private static KeyPair keys(String algorithm, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String pem(KeyPair keys) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(keys.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    private static String claims() {
        long now = Instant.now().getEpochSecond();
        return "{\"sub\":\"ada\",\"iat\":" + now + ",\"exp\":" + (now + 600) + "}";
    }

    private static boolean takes(Tokens tokens, String token) {
        return tokens.authenticate(new Credentials.Token(token), "127.0.0.1").isPresent();
    }

    private static String es256(String header) throws Exception {
        return signed(ES256, header, claims(), EC.getPrivate());
    }

    private static String unsigned(BigInteger number, int bytes) {
        byte[] all = number.toByteArray();
        byte[] fixed = new byte[bytes];
        int length = Math.min(all.length, bytes);
        System.arraycopy(all, all.length - length, fixed, bytes - length, length);
        return encode(fixed);
    }

    private static String jwk(String members) {
        ECPublicKey key = (ECPublicKey) EC.getPublic();
        return "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                + unsigned(key.getW().getAffineX(), 32) + "\",\"y\":\""
                + unsigned(key.getW().getAffineY(), 32) + "\"" + members + "}";
    }

    private static String rsaJwk(String members) {
        RSAPublicKey key = (RSAPublicKey) RSA.getPublic();
        return "{\"kty\":\"RSA\",\"n\":\"" + unsigned(key.getModulus(), 256) + "\",\"e\":\"AQAB\"" + members + "}";
    }

    /** Everything that a public key can look like: whoever has it could sign with it, if it were taken for a secret. */
    private static List<byte[]> publicKeys(KeyPair keys) {
        byte[] der = keys.getPublic().getEncoded();
        byte[] derAndMore = Arrays.copyOf(der, der.length + 1);
        derAndMore[der.length] = '\n';
        String armour = pem(keys);
        String base64 = Base64.getEncoder().encodeToString(der);
        return List.of(
                der,
                derAndMore,
                Arrays.copyOf(der, der.length - 1),
                ascii(base64),
                ascii(Base64.getMimeEncoder().encodeToString(der)),
                ascii(Base64.getUrlEncoder().withoutPadding().encodeToString(der)),
                ascii(HexFormat.of().formatHex(der)),
                ascii(Base64.getEncoder().encodeToString(ascii(armour))),
                armour.getBytes(Charset.forName("UTF-16")),
                armour.getBytes(StandardCharsets.UTF_16LE),
                armour.getBytes(StandardCharsets.UTF_16BE),
                armour.getBytes(Charset.forName("UTF-32LE")),
                base64.getBytes(Charset.forName("UTF-16")));
    }

    @Test
    void neverTakesAPublicKeyForASecret() throws Exception {
        for (KeyPair keys : List.of(RSA, EC, ED)) {
            for (byte[] key : publicKeys(keys)) {
                String text = new String(key, StandardCharsets.ISO_8859_1);
                assertThatThrownBy(() -> Tokens.of(key)).as(text).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> Tokens.signedWith(key)).as(text).isInstanceOf(IllegalArgumentException.class);
                Path file = Files.write(directory.resolve("key"), key);
                assertThatThrownBy(() -> Tokens.read(file, Algorithm.HS256))
                        .as(text)
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith(file.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example",
                "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7op",
                "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9\n",
                "<RSAKeyValue><Modulus>xA7SEU4oT+LpYS9uNtgrBN==</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>",
                "[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]",
                "\u00ef\u00bb\u00bf{\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\n-----END CERTIFICATE-----",
                "-----BEGIN PUBLIC KEY-----",
            })
    void neverTakesATextOfAKeyForASecret(String key) throws Exception {
        byte[] bytes = key.getBytes(StandardCharsets.ISO_8859_1);
        Path file = Files.write(directory.resolve("key"), bytes);

        assertThatThrownBy(() -> Tokens.of(bytes)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tokens.read(file, Algorithm.HS256)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Tokens.signedWith(bytes)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesASecretOfAnyBytesOnlyWhereOneIsNamed() throws Exception {
        byte[] secret = new byte[32];
        new Random(5).nextBytes(secret);
        Path file = Files.write(directory.resolve("key"), secret);

        assertThatThrownBy(() -> Tokens.read(file)).hasMessageContaining("say token-algorithm=HS256");
        assertThat(takes(Tokens.read(file, Algorithm.HS256), hmac("{\"alg\":\"HS256\"}", claims(), secret)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "abababababababababababababababababababab",
                "0123456789abcdef0123456789abcdef",
                "passwordpasswordpasswordpassword",
                "kX3vQ9rTz7LmW2pYkX3vQ9rTz7LmW2pY",
                "abcdefghijklmnopqrstuvwxyz0123456789",
            })
    void refusesSecretsThatAreEasyToGuess(String secret) {
        assertThatThrownBy(() -> Tokens.signedWith(ascii(secret)))
                .hasMessageContaining("openssl rand -base64 32")
                .hasMessageNotContaining(secret);
        assertThatThrownBy(() -> Tokens.of(ascii(secret))).hasMessageContaining("openssl rand -base64 32");
        assertThatThrownBy(() -> Tokens.of(ascii("{\"kty\":\"oct\",\"k\":\"" + encode(secret) + "\"}")))
                .hasMessageContaining("openssl rand -base64 32");
    }

    @Test
    void takesRandomSecretsOfEveryUsualForm() {
        Random random = new Random(11);
        for (int i = 0; i < 2_000; i++) {
            byte[] secret = new byte[32];
            random.nextBytes(secret);
            Tokens.of(ascii(HexFormat.of().formatHex(secret)));
            Tokens.of(ascii(Base64.getEncoder().encodeToString(secret) + "\n"));
            Tokens.of(ascii(Base64.getUrlEncoder().withoutPadding().encodeToString(secret) + "\r\n"));
        }
    }

    @Test
    void takesEs256() throws Exception {
        for (byte[] key : List.of(ascii(pem(EC)), ascii(jwk("")), ascii("{\"keys\":[" + jwk("") + "]}"))) {
            Tokens tokens = Tokens.of(key);

            assertThat(takes(tokens, es256("{\"alg\":\"ES256\"}"))).isTrue();
            assertThat(takes(tokens, es256("{\"alg\":\"RS256\"}"))).isFalse();
            assertThat(takes(tokens, es256("{\"alg\":\"ES384\"}"))).isFalse();
            assertThat(takes(tokens, signed("SHA256withECDSA", "{\"alg\":\"ES256\"}", claims(), EC.getPrivate())))
                    .as("in DER, which JOSE does not know")
                    .isFalse();
        }
    }

    @Test
    void refusesSignaturesOfEs256OutOfRange() throws Exception {
        Tokens tokens = Tokens.of(ascii(pem(EC)));
        BigInteger n = ((ECPublicKey) EC.getPublic()).getParams().getOrder();
        String token = es256("{\"alg\":\"ES256\"}");
        String unsigned = token.substring(0, token.lastIndexOf('.') + 1);
        byte[] right = Base64.getUrlDecoder().decode(token.substring(unsigned.length()));
        BigInteger r = new BigInteger(1, Arrays.copyOf(right, 32));
        String s = encode(Arrays.copyOfRange(right, 32, 64));

        assertThat(takes(tokens, token)).isTrue();
        assertThat(takes(tokens, unsigned + encode(new byte[64]))).isFalse();
        assertThat(takes(tokens, unsigned + encode(new byte[63]))).isFalse();
        assertThat(takes(tokens, unsigned + encode(new byte[0]))).isFalse();
        assertThat(takes(tokens, unsigned + encode(Arrays.copyOf(right, 65)))).isFalse();
        for (BigInteger outside : List.of(BigInteger.ZERO, n, n.add(BigInteger.ONE), n.add(r))) {
            byte[] pair = new byte[64];
            System.arraycopy(Base64.getUrlDecoder().decode(unsigned(outside, 32)), 0, pair, 0, 32);
            System.arraycopy(Base64.getUrlDecoder().decode(s), 0, pair, 32, 32);
            assertThat(takes(tokens, unsigned + encode(pair))).isFalse();
            byte[] turned = Arrays.copyOf(right, 64);
            System.arraycopy(pair, 0, turned, 32, 32);
            assertThat(takes(tokens, unsigned + encode(turned))).isFalse();
        }
    }

    /** The examples of RFC 7515 §A.3 and RFC 8037 §A.4. */
    @Test
    void agreesWithWhatOthersHaveSigned() {
        assertThat(
                        isSigned(
                                "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                        + "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
                                "eyJhbGciOiJFUzI1NiJ9"
                                        + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                                        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
                .isTrue();
        assertThat(
                        isSigned(
                                "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
                                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
                                        + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"))
                .isTrue();
    }

    private static boolean isSigned(String jwk, String token) {
        int end = token.lastIndexOf('.');
        return TokenKeys.parse(ascii(jwk), Set.of("HS256", "RS256", "ES256", "EdDSA"))
                .getFirst()
                .isSignature(Base64.getUrlDecoder().decode(token.substring(end + 1)), ascii(token.substring(0, end)));
    }

    @Test
    void choosesAmongSeveralKeysByKid() throws Exception {
        String set = "{\"keys\":[" + jwk(",\"kid\":\"new\",\"alg\":\"ES256\",\"use\":\"sig\"") + ","
                + rsaJwk(",\"kid\":\"old\"") + ",{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"},"
                + rsaJwk(",\"kid\":\"enc\",\"use\":\"enc\"") + "],\"more\":[1,{\"a\":null}]}";
        Tokens tokens = Tokens.of(ascii(set));

        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":\"new\"}"))).isTrue();
        assertThat(takes(tokens, rs256("{\"alg\":\"RS256\",\"kid\":\"old\"}"))).isTrue();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\"}"))).isTrue();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":null}"))).isTrue();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":\"old\"}"))).isFalse();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":\"gone\"}"))).isFalse();
        assertThat(takes(tokens, rs256("{\"alg\":\"RS256\",\"kid\":\"enc\"}"))).isFalse();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":[\"new\"]}")))
                .isFalse();
        assertThat(takes(tokens, hmac("{\"alg\":\"HS256\",\"kid\":\"old\"}", claims(), ascii(pem(RSA)))))
                .isFalse();
    }

    private static String rs256(String header) throws Exception {
        return signed("SHA256withRSA", header, claims(), RSA.getPrivate());
    }

    @Test
    void readsADirectoryOfKeys() throws Exception {
        Files.writeString(directory.resolve("2026-10.pem"), pem(RSA));
        Files.writeString(directory.resolve("2026-11.pem"), pem(EC));
        Files.write(directory.resolve("shop"), SECRET);
        Files.writeString(directory.resolve(".hidden"), "no key");
        Tokens tokens = Tokens.read(directory);

        assertThat(takes(tokens, rs256("{\"alg\":\"RS256\",\"kid\":\"2026-10\"}")))
                .isTrue();
        assertThat(takes(tokens, es256("{\"alg\":\"ES256\",\"kid\":\"2026-11\"}")))
                .isTrue();
        assertThat(takes(tokens, hmac("{\"alg\":\"HS256\",\"kid\":\"shop\"}", claims(), SECRET)))
                .isTrue();
        assertThat(takes(tokens, hmac("{\"alg\":\"HS256\"}", claims(), SECRET))).isTrue();
        assertThat(takes(tokens, hmac("{\"alg\":\"HS256\",\"kid\":\"2026-10\"}", claims(), SECRET)))
                .isFalse();
        assertThat(tokens.hasSecret()).isTrue();
        assertThatThrownBy(() -> Tokens.read(directory, Algorithm.ES256))
                .hasMessage(directory.resolve("2026-10.pem") + ": token-algorithm is ES256, but the key is for RS256");
        Files.writeString(directory.resolve("broken"), "x");
        assertThatThrownBy(() -> Tokens.read(directory)).hasMessageStartingWith(directory.resolve("broken") + ": ");
    }

    @Test
    void refusesKeysThatWillNotDo() throws Exception {
        KeyPairGenerator other = KeyPairGenerator.getInstance("EC");
        other.initialize(new ECGenParameterSpec("secp384r1"));
        assertThatThrownBy(() -> Tokens.signedFor(other.generateKeyPair().getPublic()))
                .hasMessageContaining("P-256");
        assertThatThrownBy(() -> Tokens.of(ascii(pem(RSA) + pem(EC)))).hasMessageContaining("in a directory");
        assertThatThrownBy(() -> Tokens.of(ascii(jwk(",\"d\":\"AAAA\"")))).hasMessageContaining("private key");
        assertThatThrownBy(() -> Tokens.of(ascii(jwk(",\"kid\":\"a\",\"kid\":\"b\""))))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> Tokens.of(ascii(jwk(",\"use\":\"enc\"")))).hasMessageContaining("for signatures");
        assertThatThrownBy(() -> Tokens.of(ascii("{\"keys\":[]}"))).hasMessageContaining("no key");
        assertThatThrownBy(() ->
                        Tokens.of(ascii("{\"keys\":[" + jwk(",\"kid\":\"a\"") + "," + rsaJwk(",\"kid\":\"a\"") + "]}")))
                .hasMessageContaining("same kid");
        assertThatThrownBy(() -> Tokens.of(ascii(rsaJwk("").replace("AQAB", "AQ"))))
                .isInstanceOf(IllegalArgumentException.class);
        ECPublicKey key = (ECPublicKey) EC.getPublic();
        assertThatThrownBy(() -> Tokens.of(ascii(jwk("").replace(
                                unsigned(key.getW().getAffineY(), 32),
                                unsigned(key.getW().getAffineY().xor(BigInteger.ONE), 32)))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tokens.of(ascii("{\"kty\":\"oct\",\"k\":\"secret!\"}")))
                .hasMessageNotContaining("secret!");
    }
}
