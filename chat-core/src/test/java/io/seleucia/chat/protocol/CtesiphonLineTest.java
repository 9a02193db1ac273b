package io.seleucia.chat.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CtesiphonLineTest {
    @Test
    void findsEachCommaThatANameMayHave() {
        for (char comma = 0; comma < Character.MIN_SURROGATE; comma++) {
            assertThat(CtesiphonLine.isAmbiguous("ada" + comma + " Sender : bob"))
                    .as("U+%04x", (int) comma)
                    .isEqualTo(",\u201a\uff0c\ufe50\ufe10".indexOf(comma) >= 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n", "\u000b", "\f", "\u0085", "\u2028", "\u2029"})
    void leavesNoLineThatLooksLikeAMessage(String lineEnd) {
        String forged = "hello" + lineEnd + " Channel : b, Sender : c, Message : d" + lineEnd + "bye";

        assertThat(line(forged))
                .isEqualTo("Channel : a, Sender : ada, Message : hello\\n Channel : b, Sender : c, Message : d"
                        + lineEnd + "bye");
    }

    @Test
    void leavesOtherTextsAsTheyAre() {
        assertThat(line("one \t two, Channel : b")).endsWith(", Message : one \t two, Channel : b");
    }

    private static String line(String text) {
        return CtesiphonLine.of(new Message("a", new Position("e", 1), "ada", false, 0, new Content.Text(text)), text);
    }
}
