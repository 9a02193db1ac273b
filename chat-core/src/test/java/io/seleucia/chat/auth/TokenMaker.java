package io.seleucia.chat.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Makes tokens as other programs do, right ones and wrong ones; not by the code under test. */
public final class TokenMaker {
    /** A secret that is long enough. */
    public static final byte[] SECRET = "kX3vQ9rTz7LmW2pYb8NcF4hJd6GsA1eU".getBytes(StandardCharsets.US_ASCII);

    private TokenMaker() {}

    /** A token of HS256 that lives for a minute. */
    public static String token(String user) throws GeneralSecurityException {
        return token(user, Instant.now().plusSeconds(60), "");
    }

    /** @param more further claims, each after a comma */
    public static String token(String user, Instant expires, String more) throws GeneralSecurityException {
        Instant now = Instant.now();
        return hmac(
                "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                "{\"sub\":\"" + user + "\",\"iat\":" + now.getEpochSecond() + ",\"exp\":" + expires.getEpochSecond()
                        + more + "}",
                SECRET);
    }

    static String hmac(String header, String claims, byte[] secret) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        String signed = encode(header) + "." + encode(claims);
        return signed + "." + encode(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    static String signed(String algorithm, String header, String claims, PrivateKey key)
            throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        String signed = encode(header) + "." + encode(claims);
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + encode(signature.sign());
    }

    static String encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
