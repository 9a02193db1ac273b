package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NewPasswordsTest {
    private final NewPasswords passwords = new NewPasswords(8);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password",
                "Password1",
                "12345678",
                "QWERTYUIOP",
                "iloveyou",
                "Contrase\u00f1a",
                "contrasen\u0303a"
            })
    void mustNotBeUsual(String password) {
        assertThat(passwords.flaw(password))
                .hasValueSatisfying(flaw -> assertThat(flaw).contains("most common"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "short 7",
                "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301",
                "\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00"
            })
    void mustNotBeShort(String password) {
        assertThat(passwords.flaw(password))
                .hasValueSatisfying(flaw -> assertThat(flaw).contains("8 characters or more"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a long word",
                "eight ch",
                "\ud83d\ude00\ud83d\ude01\ud83d\ude02\ud83d\ude03\ud83d\ude00\ud83d\ude01\ud83d\ude02\ud83d\ude03"
            })
    void mayBeAnythingElse(String password) {
        assertThat(passwords.flaw(password)).isEmpty();
    }

    @Test
    void mayBeShorterIfTheOperatorSaysSo() {
        assertThat(new NewPasswords(1).flaw("x")).isEmpty();
        assertThat(new NewPasswords(1).flaw("")).hasValue("a password must have 1 to 1024 bytes");
        assertThat(new NewPasswords(1).flaw("1234")).isPresent();
    }
}
