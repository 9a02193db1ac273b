package io.seleucia.chat.auth;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A key that checks the signatures of tokens, with its one algorithm. Any thread.
 *
 * @param algorithm the algorithm's name in the header of a token
 * @param id the {@code kid} that a token must have; empty if any will do
 */
record TokenKey(String algorithm, Optional<String> id, Check check) {
    /** The name of the only algorithm whose key is a secret. */
    static final String HMAC = "HS256";

    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 16_384;
    private static final int MAX_RSA_EXPONENT_BITS = 64;
    private static final int P256_BYTES = 32;
    private static final ECParameterSpec P256 = p256();

    /** Checks a signature. Holds the key, which is never printed. */
    @FunctionalInterface
    interface Check {
        boolean fits(byte[] signature, byte[] signed) throws GeneralSecurityException;
    }

    /** @throws IllegalArgumentException if the secret is weak; the message says why, and quotes nothing of it */
    static TokenKey of(byte[] secret) {
        Secrets.flaw(secret).ifPresent(flaw -> {
            throw new IllegalArgumentException(flaw);
        });
        SecretKeySpec key = new SecretKeySpec(secret, "HmacSHA256");
        return of(HMAC, (signature, signed) -> {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return MessageDigest.isEqual(mac.doFinal(signed), signature);
        });
    }

    /** @throws IllegalArgumentException if the key is of an unknown kind, or too weak */
    static TokenKey of(PublicKey key) {
        return switch (key) {
            case RSAPublicKey rsa -> {
                requireStrong(rsa);
                yield of("RS256", verifier("SHA256withRSA", key));
            }
            case ECPublicKey elliptic -> {
                requireOnP256(elliptic);
                Check verifier = verifier("SHA256withECDSAinP1363Format", key); // RFC 7518 §3.4: r and s, not in DER
                yield of("ES256", (signature, signed) -> isPair(signature) && verifier.fits(signature, signed));
            }
            case EdECPublicKey edwards -> {
                if (!edwards.getParams().getName().equals("Ed25519")) {
                    throw new IllegalArgumentException("of Edwards curves, the key must be of Ed25519");
                }
                yield of("EdDSA", verifier("Ed25519", key));
            }
            default -> throw new IllegalArgumentException("the key must be RSA, EC on the curve P-256, or Ed25519");
        };
    }

    private static TokenKey of(String algorithm, Check check) {
        return new TokenKey(algorithm, Optional.empty(), check);
    }

    private static Check verifier(String jdkName, PublicKey key) {
        return (signature, signed) -> {
            Signature verifier = Signature.getInstance(jdkName);
            verifier.initVerify(key);
            verifier.update(signed);
            return verifier.verify(signature);
        };
    }

    private static void requireStrong(RSAPublicKey rsa) {
        int bits = rsa.getModulus().bitLength();
        if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
            throw new IllegalArgumentException(
                    "an RSA key must have at least " + MIN_RSA_BITS + " bits, and " + MAX_RSA_BITS + " at the most");
        }
        BigInteger exponent = rsa.getPublicExponent();
        if (exponent.compareTo(BigInteger.TWO) <= 0
                || !exponent.testBit(0)
                || exponent.bitLength() > MAX_RSA_EXPONENT_BITS) {
            throw new IllegalArgumentException("the exponent of an RSA key must be odd, from 3 to 2^64");
        }
    }

    private static void requireOnP256(ECPublicKey elliptic) {
        ECParameterSpec curve = elliptic.getParams();
        if (!curve.getCurve().equals(P256.getCurve())
                || !curve.getGenerator().equals(P256.getGenerator())
                || !curve.getOrder().equals(P256.getOrder())) {
            throw new IllegalArgumentException("of elliptic curves, the key must be of P-256");
        }
        ECPoint point = elliptic.getW();
        BigInteger p = ((ECFieldFp) P256.getCurve().getField()).getP();
        if (point.equals(ECPoint.POINT_INFINITY)
                || !isBelow(point.getAffineX(), p)
                || !isBelow(point.getAffineY(), p)
                || !solves(point.getAffineX(), point.getAffineY(), p)) {
            throw new IllegalArgumentException("the key is no point of P-256");
        }
    }

    /** Returns whether y² = x³ + ax + b, modulo p. */
    private static boolean solves(BigInteger x, BigInteger y, BigInteger p) {
        BigInteger a = P256.getCurve().getA();
        BigInteger b = P256.getCurve().getB();
        return x.pow(3).add(a.multiply(x)).add(b).subtract(y.pow(2)).mod(p).signum() == 0;
    }

    private static boolean isBelow(BigInteger value, BigInteger limit) {
        return value.signum() >= 0 && value.compareTo(limit) < 0;
    }

    static ECParameterSpec p256() {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec("secp256r1"));
            return parameters.getParameterSpec(ECParameterSpec.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    /** Returns this key for tokens with a {@code kid}. */
    TokenKey withId(String kid) {
        return new TokenKey(algorithm, Optional.of(kid), check);
    }

    /** Returns whether this is the signature of these bytes. Never throws for a malformed one. */
    boolean isSignature(byte[] signature, byte[] signed) {
        try {
            return check.fits(signature, signed);
        } catch (GeneralSecurityException e) {
            return false; // of another length, or no point of the curve
        }
    }

    /** Returns whether r and s are both from 1 to n - 1 (FIPS 186-5 §6.4.2): a pair of zeros must not pass. */
    private static boolean isPair(byte[] signature) {
        if (signature.length != 2 * P256_BYTES) {
            return false;
        }
        BigInteger r = new BigInteger(1, Arrays.copyOf(signature, P256_BYTES));
        BigInteger s = new BigInteger(1, Arrays.copyOfRange(signature, P256_BYTES, 2 * P256_BYTES));
        return r.signum() > 0 && s.signum() > 0 && isBelow(r, P256.getOrder()) && isBelow(s, P256.getOrder());
    }
}
