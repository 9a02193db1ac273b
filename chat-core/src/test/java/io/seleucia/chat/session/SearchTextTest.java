package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchTextTest {
    @ParameterizedTest
    @CsvSource({
        "lunch, LUNCH at one, true",
        "LUNCH, lunch, true",
        "lunch, lun ch, false",
        "l.nch, lunch, false",
        "STRASSE, Straße, true",
        "straße, STRASSE, true",
        "ẞ, ss, true",
        "istanbul, İSTANBUL, true",
        "İstanbul, istanbul, true",
        "ılık, ILIK, true",
        "οδοσ, ΟΔΟΣ, true",
        "ΟΔΟΣ, οδοσήμανση, true",
        "οδος, οδοσα, true",
        "k, \u212a, true",
        "👍, so 👍!, true",
    })
    void comparesWithoutCase(String sought, String text, boolean found) {
        assertThat(new SearchText(sought).isIn(new Content.Text(text))).isEqualTo(found);
    }

    @Test
    void readsTheTextOfAnObject() {
        SearchText hi = new SearchText("hi");
        assertThat(hi.isIn(new Content.Json("{\"a\":{\"text\":1},\"text\":\"\\u0048I\"}")))
                .isTrue();
        assertThat(hi.isIn(new Content.Json("{\"a\":{\"text\":\"hi\"}}"))).isFalse();
        assertThat(hi.isIn(new Content.Json("{\"text\":[\"hi\"]}"))).isFalse();
        assertThat(hi.isIn(new Content.Json("[\"hi\"]"))).isFalse();
        assertThat(hi.isIn(Content.NONE)).isFalse();
    }
}
