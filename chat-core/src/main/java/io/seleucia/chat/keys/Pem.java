package io.seleucia.chat.keys;

import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A block of a text in PEM form (RFC 7468).
 *
 * @param label what it holds, such as {@code CERTIFICATE}
 * @param base64 the lines between its first and its last one
 */
public record Pem(String label, String base64) {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

    /** Returns the blocks of a text, in order. Text between them is skipped. */
    public static List<Pem> blocks(String text) {
        return BLOCK.matcher(text)
                .results()
                .map(block -> new Pem(block.group(1), block.group(2)))
                .toList();
    }

    /**
     * Returns the bytes of the block.
     *
     * @throws IllegalArgumentException if it is not base64; the message quotes none of it, since it may be a key
     */
    public byte[] bytes() {
        try {
            return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the text after -----BEGIN " + label + "----- is not base64");
        }
    }

    /** Returns the label only, since the rest may be a key. */
    @Override
    public String toString() {
        return label;
    }
}
