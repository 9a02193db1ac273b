package io.seleucia.chat.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules for new passwords. Existing passwords are not checked.
 *
 * @param minLength in code points, after normalising
 */
record NewPasswords(int minLength) {
    private static final String COMMON = "common-passwords.txt";

    /** Returns why a password is refused, as a sentence for people, or empty if it is accepted. */
    Optional<String> flaw(String password) {
        Optional<String> flaw = Account.flawOfPassword(password);
        if (flaw.isPresent()) {
            return flaw;
        }
        String normal = Account.normal(password);
        if (normal.codePointCount(0, normal.length()) < minLength) {
            return Optional.of("the password is too short: it must have " + minLength + " characters or more");
        }
        return common().contains(normal.toLowerCase(Locale.ROOT))
                ? Optional.of("the password is one of the most common ones: choose another one")
                : Optional.empty();
    }

    private static Set<String> common() {
        try (InputStream in = NewPasswords.class.getResourceAsStream(COMMON)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(COMMON + " can't be read", e);
        }
    }
}
