package io.seleucia.chat.auth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the keys of tokens: a public key in PEM form, a JWK or a JWK set, or a secret. Its messages never quote what is
 * read.
 */
final class TokenKeys {
    private static final int MAX_KEYS = 32; // as many as one token without a kid may be checked with
    private static final long MAX_FILE_BYTES = 256 * 1024;
    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

    private TokenKeys() {}

    /**
     * Reads a file, or all files of a directory. There a key has its file's name, without what follows the last dot, as
     * its {@code kid}, if it does not bring one. Files whose names begin with a dot are passed over.
     *
     * @throws IOException if they can't be used; the message says which, and what is wrong
     */
    static List<TokenKey> read(Path path, Set<Tokens.Algorithm> allowed) throws IOException {
        List<TokenKey> keys = new ArrayList<>();
        if (!Files.isDirectory(path)) {
            keys.addAll(readFile(path, allowed));
        } else {
            for (Path file : files(path)) {
                String name = file.getFileName().toString();
                String id = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
                readFile(file, allowed).forEach(key -> keys.add(key.id().isPresent() ? key : key.withId(id)));
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

    private static List<TokenKey> readFile(Path file, Set<Tokens.Algorithm> allowed) throws IOException {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException(file + " has more than " + MAX_FILE_BYTES + " bytes");
            }
            return parse(Files.readAllBytes(file), allowed);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new IOException(file + " may not be read by this process", e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads what stands in a key file.
     *
     * @param allowed the algorithms that keys may have; if it is only HS256, a secret may be any bytes
     * @throws IllegalArgumentException if it is not clear what it is, or no good key
     */
    static List<TokenKey> parse(byte[] file, Set<Tokens.Algorithm> allowed) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        List<TokenKey> keys;
        if (text.contains("-----BEGIN ")) {
            keys = List.of(TokenKey.of(publicKey(text)));
        } else if (text.stripLeading().startsWith("{")) {
            keys = Jwk.parse(new String(file, StandardCharsets.UTF_8));
        } else {
            keys = List.of(secret(file, allowed.equals(Set.of(Tokens.Algorithm.HS256))));
        }
        for (TokenKey key : keys) {
            if (!allowed.contains(key.algorithm())) {
                throw new IllegalArgumentException("token-algorithm is "
                        + allowed.iterator().next().jwtName() + ", but the key is for "
                        + key.algorithm().jwtName());
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
        Matcher block = PEM.matcher(pem);
        if (!block.find() || !block.group(1).equals("PUBLIC KEY") || block.find()) {
            throw new IllegalArgumentException("of keys in PEM form, it must hold one -----BEGIN PUBLIC KEY-----, and"
                    + " nothing else; several keys stand in a directory, or in a JWK set");
        }
        block.reset().find();
        byte[] encoded;
        try {
            encoded = Base64.getDecoder().decode(block.group(2).replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the public key is not base64"); // without the cause, which quotes it
        }
        for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
            } catch (GeneralSecurityException e) {
                continue; // of another algorithm
            }
        }
        throw new IllegalArgumentException(
                "the public key is malformed, or neither RSA nor EC on the curve P-256 nor Ed25519");
    }
}
