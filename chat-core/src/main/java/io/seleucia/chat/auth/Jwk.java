package io.seleucia.chat.auth;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.seleucia.chat.json.StrictJson;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A key as JSON (RFC 7517, RFC 8037), alone or in a set. Of a set, keys that are not for signatures or of an unknown kind are
 * skipped; a malformed one is refused.
 *
 * @param members the members that are strings
 * @param where the name of the key in messages
 */
record Jwk(Map<String, String> members, String where) {
    private static final int MAX_NESTING = 8;
    private static final int COORDINATE_BYTES = 32;

    /** @throws IllegalArgumentException if the text is malformed; the message does not quote it */
    static List<TokenKey> parse(String json) {
        JsonReader reader = StrictJson.reader(json, MAX_NESTING);
        List<Jwk> set = new ArrayList<>();
        Map<String, String> single;
        try {
            single = members(reader, set);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("the JWK is not one JSON object");
            }
        } catch (IOException | NumberFormatException | IllegalStateException e) {
            throw new IllegalArgumentException("the JWK is not valid JSON"); // without the cause, which quotes it
        }
        if (!single.containsKey("kty")) {
            return set.stream().flatMap(jwk -> jwk.key().stream()).toList();
        }
        return List.of(new Jwk(single, "the JWK")
                .key()
                .orElseThrow(
                        () -> new IllegalArgumentException("the JWK must be for signatures with HS256, RS256, ES256"
                                + " or EdDSA: kty oct, RSA, EC with crv P-256, or OKP with crv Ed25519")));
    }

    /** @param set takes the keys of the member {@code keys} */
    private static Map<String, String> members(JsonReader reader, List<Jwk> set) throws IOException {
        Map<String, String> members = new HashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            String value = "";
            if (reader.peek() == JsonToken.STRING) {
                value = reader.nextString();
            } else if (name.equals("keys") && reader.peek() == JsonToken.BEGIN_ARRAY) {
                reader.beginArray();
                while (reader.hasNext()) {
                    Map<String, String> key = members(reader, new ArrayList<>());
                    set.add(new Jwk(key, "key " + (set.size() + 1) + " of the JWK set"));
                }
                reader.endArray();
            } else {
                reader.skipValue();
            }
            if (members.put(name, value) != null) {
                throw new IllegalArgumentException("a member of a JWK stands twice");
            }
        }
        reader.endObject();
        return members;
    }

    /** Returns the key, or empty if it is skipped. */
    private Optional<TokenKey> key() {
        String kind = members.getOrDefault("kty", "") + " " + members.getOrDefault("crv", "");
        boolean known = switch (kind) {
            case "oct " -> isFor("HS256");
            case "RSA " -> isFor("RS256");
            case "EC P-256" -> isFor("ES256");
            case "OKP Ed25519" -> isFor("EdDSA");
            default -> false;
        };
        if (!known) {
            return Optional.empty();
        }
        if (members.containsKey("d")) {
            throw new IllegalArgumentException(where + " is a private key: give the server the public one only");
        }
        TokenKey key;
        try {
            key = read(kind);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(where + " is malformed");
        }
        String id = members.getOrDefault("kid", "");
        return Optional.of(id.isEmpty() ? key : key.withId(id));
    }

    private boolean isFor(String algorithm) {
        return members.getOrDefault("alg", algorithm).equals(algorithm)
                && members.getOrDefault("use", "sig").equals("sig");
    }

    private TokenKey read(String kind) throws GeneralSecurityException {
        return switch (kind) {
            case "oct " -> TokenKey.of(bytes("k"));
            case "RSA " ->
                TokenKey.of(KeyFactory.getInstance("RSA")
                        .generatePublic(
                                new RSAPublicKeySpec(new BigInteger(1, bytes("n")), new BigInteger(1, bytes("e")))));
            case "EC P-256" -> {
                ECPoint point = new ECPoint(new BigInteger(1, coordinate("x")), new BigInteger(1, coordinate("y")));
                yield TokenKey.of(
                        KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, TokenKey.p256())));
            }
            default -> TokenKey.of(KeyFactory.getInstance("Ed25519").generatePublic(edwards(coordinate("x"))));
        };
    }

    /** Decodes a point (RFC 8032 §5.1.2): y, the least byte first, and whether x is odd in the highest bit. */
    private static EdECPublicKeySpec edwards(byte[] encoded) {
        byte[] y = new byte[encoded.length];
        for (int i = 0; i < encoded.length; i++) {
            y[i] = encoded[encoded.length - 1 - i];
        }
        boolean odd = y[0] < 0;
        y[0] &= 0x7f;
        return new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, y)));
    }

    private byte[] coordinate(String name) {
        byte[] bytes = bytes(name);
        if (bytes.length != COORDINATE_BYTES) {
            throw new IllegalArgumentException(name + " must have " + COORDINATE_BYTES + " bytes");
        }
        return bytes;
    }

    private byte[] bytes(String name) {
        String value = members.getOrDefault(name, "");
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(value);
            if (bytes.length > 0) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Its message quotes the key.
        }
        throw new IllegalArgumentException(name + " must be base64url");
    }

    /** Returns the name alone: a member may be a secret. */
    @Override
    public String toString() {
        return where;
    }
}
