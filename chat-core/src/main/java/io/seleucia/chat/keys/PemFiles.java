package io.seleucia.chat.keys;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;

/**
 * Two files in PEM form (RFC 7468), as certificate authorities and {@code openssl} give them. What else stands in them,
 * such as a key beside the certificates, is passed over.
 *
 * @param certificates the key's own certificate, then each issuer's after the one it has signed
 * @param key the private key, unencrypted, in PKCS#8: RSA, EC on a curve of NIST, or Ed25519
 */
public record PemFiles(Path certificates, Path key) implements KeyFiles {
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");
    private static final char[] NO_PASSWORD = {}; // of a keystore that is never written

    @Override
    public List<Path> files() {
        return List.of(certificates, key);
    }

    @Override
    public KeyManager[] read() throws IOException {
        Certificate[] chain = readCertificates(certificates).toArray(Certificate[]::new);
        PrivateKey privateKey = readKey();
        try {
            if (!belongTogether(privateKey, chain[0].getPublicKey())) {
                throw new IOException(
                        "the first certificate in " + certificates + " is not of the private key in " + key);
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry("server", privateKey, NO_PASSWORD, chain);
            return KeystoreFiles.keyManagers(store, NO_PASSWORD);
        } catch (KeyStoreException e) {
            throw new IOException(
                    "the certificates in " + certificates + " are no chain: each must be followed by its issuer's", e);
        } catch (GeneralSecurityException e) {
            throw new IOException(certificates + " and " + key + " can't be used: " + e.getMessage(), e);
        }
    }

    /**
     * Reads the certificates in a file, of which there must be one at least.
     *
     * @throws IOException if they can't be used; the message says which file it is, and what is wrong
     */
    public static List<Certificate> readCertificates(Path file) throws IOException {
        List<Certificate> all = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Pem block : blocks(file)) {
                if (block.label().equals("CERTIFICATE")) {
                    all.add(factory.generateCertificate(new ByteArrayInputStream(decode(block, file))));
                }
            }
        } catch (CertificateException e) {
            throw new IOException("certificate " + (all.size() + 1) + " in " + file + " is malformed", e);
        }
        if (all.isEmpty()) {
            throw new IOException(file + " holds no line -----BEGIN CERTIFICATE-----");
        }
        return all;
    }

    private PrivateKey readKey() throws IOException {
        for (Pem block : blocks(key)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return privateKey(decode(block, key));
                }
                case "ENCRYPTED PRIVATE KEY" -> throw unconverted("is encrypted");
                case "RSA PRIVATE KEY" -> throw unconverted("is in PKCS#1 form");
                case "EC PRIVATE KEY" -> throw unconverted("is in SEC 1 form");
                default -> {
                    continue;
                }
            }
        }
        throw new IOException(key + " holds no line -----BEGIN PRIVATE KEY-----");
    }

    private IOException unconverted(String why) {
        return new IOException("the private key in " + key + " " + why + "; convert it with: openssl pkcs8 -topk8 "
                + "-nocrypt -in " + key + " -out NEW_FILE");
    }

    private PrivateKey privateKey(byte[] pkcs8) throws IOException {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // The key is of another algorithm.
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has " + algorithm, e);
            }
        }
        throw new IOException(
                "the private key in " + key + " is malformed, or neither RSA nor EC (P-256, P-384, P-521) nor Ed25519");
    }

    private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(
                switch (privateKey.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> "EdDSA";
                });
        try {
            signature.initSign(privateKey);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException e) {
            return false; // of another algorithm, or another length
        }
    }

    private static List<Pem> blocks(Path file) throws IOException {
        return Pem.blocks(new String(KeyFiles.bytes(file), StandardCharsets.ISO_8859_1));
    }

    private static byte[] decode(Pem block, Path file) throws IOException {
        try {
            return block.bytes();
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is malformed: " + e.getMessage());
        }
    }
}
