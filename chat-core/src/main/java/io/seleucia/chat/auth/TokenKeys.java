package io.seleucia.chat.auth;

import io.seleucia.chat.keys.KeyFiles;
import io.seleucia.chat.keys.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Reads the keys of tokens: a public key in PEM form, a JWK or a JWK set, or a secret. Its messages quote none of them. */
final class TokenKeys {
    private static final int MAX_KEYS = 32; // a token without a kid is checked with all of them
    private static final long MAX_FILE_BYTES = 256 * 1024;

    private TokenKeys() {}

    /**
     * Reads a file, or all files of a directory whose names do not begin with a dot. There, a key without a {@code kid} gets
     * its file's name up to the last dot.
     *
     * @throws IOException if a file can't be used; the message names it and says what is wrong
     */
    static List<TokenKey> read(Path path, Set<String> algorithms) throws IOException {
        List<TokenKey> keys = new ArrayList<>();
        if (!Files.isDirectory(path)) {
            keys.addAll(readFile(path, algorithms));
        } else {
            for (Path file : files(path)) {
                String name = file.getFileName().toString();
                String id = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
                readFile(file, algorithms).forEach(key -> keys.add(key.id().isPresent() ? key : key.withId(id)));
            }
        }
        try {
            return checked(keys);
        } catch (IllegalArgumentException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(file -> !file.getFileName().toString().startsWith(".") && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        } catch (AccessDeniedException e) {
            throw new IOException(directory + " may not be read by this process", e);
        }
    }

    private static List<TokenKey> readFile(Path file, Set<String> algorithms) throws IOException {
        try {
            if (Files.exists(file) && Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException(file + " has more than " + MAX_FILE_BYTES + " bytes");
            }
            return parse(KeyFiles.bytes(file), algorithms);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Parses the content of a key file.
     *
     * @param algorithms the allowed algorithms, by their names in tokens; with HS256 alone, a secret may be any bytes
     * @throws IllegalArgumentException if the content is ambiguous, or a weak key
     */
    static List<TokenKey> parse(byte[] file, Set<String> algorithms) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        List<TokenKey> keys;
        if (text.contains("-----BEGIN ")) {
            keys = List.of(TokenKey.of(publicKey(text)));
        } else if (text.stripLeading().startsWith("{")) {
            keys = Jwk.parse(new String(file, StandardCharsets.UTF_8));
        } else {
            keys = List.of(secret(file, algorithms.equals(Set.of(TokenKey.HMAC))));
        }
        for (TokenKey key : keys) {
            if (!algorithms.contains(key.algorithm())) {
                throw new IllegalArgumentException("token-algorithm is " + String.join(" or ", algorithms)
                        + ", but the key is for " + key.algorithm());
            }
        }
        return checked(keys);
    }

    private static List<TokenKey> checked(List<TokenKey> keys) {
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("there is no key for signatures that can be checked");
        }
        if (keys.size() > MAX_KEYS) {
            throw new IllegalArgumentException("there are more than " + MAX_KEYS + " keys");
        }
        Set<String> ids = new HashSet<>();
        for (TokenKey key : keys) {
            if (key.id().isPresent() && !ids.add(key.id().get())) {
                throw new IllegalArgumentException("two keys have the same kid");
            }
        }
        return List.copyOf(keys);
    }

    private static TokenKey secret(byte[] file, boolean named) {
        int end = file.length;
        while (end > 0 && (file[end - 1] == '\n' || file[end - 1] == '\r')) {
            end--;
        }
        byte[] secret = Arrays.copyOf(file, end);
        TokenKey key = TokenKey.of(secret);
        if (!named && !Secrets.isOneWord(secret)) {
            throw new IllegalArgumentException("it is not clear whether this is a key or a secret: a public key must be"
                    + " in PEM form or a JWK, a secret one line of visible ASCII characters without spaces; if it is a"
                    + " secret of other bytes, say token-algorithm=HS256");
        }
        return key;
    }

    private static PublicKey publicKey(String pem) {
        List<Pem> blocks = Pem.blocks(pem);
        if (blocks.size() != 1 || !blocks.getFirst().label().equals("PUBLIC KEY")) {
            throw new IllegalArgumentException("of keys in PEM form, it must hold one -----BEGIN PUBLIC KEY-----, and"
                    + " nothing else; several keys stand in a directory, or in a JWK set");
        }
        byte[] encoded = blocks.getFirst().bytes();
        for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
            } catch (GeneralSecurityException e) {
                // The key is of another algorithm.
            }
        }
        throw new IllegalArgumentException(
                "the public key is malformed, or neither RSA nor EC on the curve P-256 nor Ed25519");
    }
}
