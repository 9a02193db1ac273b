package io.seleucia.chat.keys;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.UnrecoverableKeyException;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/**
 * A PKCS12 keystore (RFC 7292), as {@code keytool} and {@code openssl pkcs12 -export} make them.
 *
 * @param keystore holds a private key with its certificates; of several keys, the one that suits the client is taken
 * @param passwordFile its first line is the password of the keystore and of the key
 */
public record KeystoreFiles(Path keystore, Path passwordFile) implements KeyFiles {
    @Override
    public List<Path> files() {
        return List.of(keystore, passwordFile);
    }

    @Override
    public KeyManager[] read() throws IOException {
        char[] password = new String(KeyFiles.bytes(passwordFile), StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElseThrow(() -> new IOException(passwordFile + " is empty: its first line must be the password"))
                .toCharArray();
        try {
            KeyStore store = open(KeyFiles.bytes(keystore), password);
            if (!hasKey(store)) {
                throw new IOException(keystore + " holds no private key");
            }
            return keyManagers(store, password);
        } catch (UnrecoverableKeyException e) {
            throw new IOException("the password in " + passwordFile + " does not open the key in " + keystore, e);
        } catch (GeneralSecurityException e) {
            throw new IOException(keystore + " can't be used: " + e.getMessage(), e);
        }
    }

    private KeyStore open(byte[] bytes, char[] password) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(new ByteArrayInputStream(bytes), password);
            return store;
        } catch (IOException e) {
            throw new IOException(
                    e.getCause() instanceof UnrecoverableKeyException
                            ? "the password in " + passwordFile + " does not open " + keystore
                            : keystore + " is not a PKCS12 keystore",
                    e);
        }
    }

    private static boolean hasKey(KeyStore store) throws KeyStoreException {
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the managers that choose among the keys of a keystore in a handshake. */
    static KeyManager[] keyManagers(KeyStore store, char[] password) throws GeneralSecurityException {
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }
}
