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

/** A key that signatures of tokens are checked with. It determines the algorithm. Any thread. */
final class TokenKey {
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 16_384;
    private static final int MAX_RSA_EXPONENT_BITS = 64;
    private static final int P256_BYTES = 32;
    private static final ECParameterSpec P256 = p256();

    private final Tokens.Algorithm algorithm;
    private final Optional<String> id;
    private final byte[] secret; // of HS256
    private final PublicKey key; // of the others

    private TokenKey(Tokens.Algorithm algorithm, Optional<String> id, byte[] secret, PublicKey key) {
        this.algorithm = algorithm;
        this.id = id;
        this.secret = secret;
        this.key = key;
    }

    /** @throws IllegalArgumentException if it is no good secret; the message says why, and nothing of the secret */
    static TokenKey of(byte[] secret) {
        Secrets.flaw(secret).ifPresent(flaw -> {
            throw new IllegalArgumentException(flaw);
        });
        return new TokenKey(Tokens.Algorithm.HS256, Optional.empty(), secret.clone(), null);
    }

    /** @throws IllegalArgumentException if it is of a kind that is not known, or too weak */
    static TokenKey of(PublicKey key) {
        Tokens.Algorithm algorithm = switch (key) {
            case RSAPublicKey rsa -> {
                requireStrong(rsa);
                yield Tokens.Algorithm.RS256;
            }
            case ECPublicKey elliptic -> {
                requireOnP256(elliptic);
                yield Tokens.Algorithm.ES256;
            }
            case EdECPublicKey edwards -> {
                if (!edwards.getParams().getName().equals("Ed25519")) {
                    throw new IllegalArgumentException("of Edwards curves, the key must be of Ed25519");
                }
                yield Tokens.Algorithm.EDDSA;
            }
            default -> throw new IllegalArgumentException("the key must be RSA, EC on the curve P-256, or Ed25519");
        };
        return new TokenKey(algorithm, Optional.empty(), new byte[0], key);
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
                || !isBelow(point.getAffineY(), p)) {
            throw new IllegalArgumentException("the key is no point of P-256");
        }
        BigInteger x = point.getAffineX();
        BigInteger right = x.pow(3)
                .add(P256.getCurve().getA().multiply(x))
                .add(P256.getCurve().getB());
        if (!point.getAffineY().pow(2).subtract(right).mod(p).equals(BigInteger.ZERO)) {
            throw new IllegalArgumentException("the key is no point of P-256");
        }
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

    /** The same, for tokens whose {@code kid} is this one. */
    TokenKey withId(String id) {
        return new TokenKey(algorithm, Optional.of(id), secret, key);
    }

    Tokens.Algorithm algorithm() {
        return algorithm;
    }

    /** What a token's {@code kid} must be; empty if any will do. */
    Optional<String> id() {
        return id;
    }

    /** Returns whether this is the signature of these bytes. Never throws for a malformed one. */
    boolean isSignature(byte[] signature, byte[] signed) {
        try {
            return switch (algorithm) {
                case HS256 -> {
                    Mac mac = Mac.getInstance("HmacSHA256");
                    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
                    yield MessageDigest.isEqual(mac.doFinal(signed), signature);
                }
                case RS256 -> verify("SHA256withRSA", signature, signed);
                // RFC 7518 §3.4: r and s as they are, 32 bytes each, not in DER.
                case ES256 -> isPair(signature) && verify("SHA256withECDSAinP1363Format", signature, signed);
                case EDDSA -> verify("Ed25519", signature, signed);
            };
        } catch (GeneralSecurityException e) {
            return false; // of another length, or no point of the curve
        }
    }

    /** FIPS 186-5 §6.4.2: both are from 1 to n - 1. A pair of zeros once passed for everybody's signature. */
    private static boolean isPair(byte[] signature) {
        if (signature.length != 2 * P256_BYTES) {
            return false;
        }
        BigInteger r = new BigInteger(1, Arrays.copyOf(signature, P256_BYTES));
        BigInteger s = new BigInteger(1, Arrays.copyOfRange(signature, P256_BYTES, 2 * P256_BYTES));
        return r.signum() > 0 && s.signum() > 0 && isBelow(r, P256.getOrder()) && isBelow(s, P256.getOrder());
    }

    private boolean verify(String jdkName, byte[] signature, byte[] signed) throws GeneralSecurityException {
        Signature verifier = Signature.getInstance(jdkName);
        verifier.initVerify(key);
        verifier.update(signed);
        return verifier.verify(signature);
    }

    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "a key of " + algorithm;
    }
}
