package io.seleucia.chat.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {
    @ParameterizedTest
    @ValueSource(
            strings = {"", "plain", "ä\u20ac\ud83d\ude00", "a replacement character: \ufffd", "\ufeffa byte order mark"
            })
    void decodesWellFormedBytes(String text) throws CharacterCodingException {
        assertThat(Utf8.decode(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "c3", "c080", "e28a", "eda080", "f4908080", "efbfbd80"})
    void refusesMalformedBytes(String hex) {
        assertThatThrownBy(() -> Utf8.decode(HexFormat.of().parseHex(hex)))
                .isInstanceOf(CharacterCodingException.class);
    }

    @Test
    void refusesMalformedBytesAfterPlainOnes() {
        byte[] bytes = "plain\u00e4".getBytes(StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> Utf8.decode(bytes)).isInstanceOf(CharacterCodingException.class);
    }
}
