package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentTest {
    private static final char HALF = '\ud83d';

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "{", "{} {}", "NaN", "{'a':1}", "[1,]"})
    void jsonIsJson(String text) {
        assertThatThrownBy(() -> new Content.Json(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the content is not valid JSON, or nested more than 63 levels deep");
    }

    @Test
    void jsonIsNestedSoDeepAtTheMost() {
        String deepest = "[".repeat(63) + "]".repeat(63);
        assertThat(new Content.Json(deepest).asText()).isEqualTo(deepest);
        assertThatThrownBy(() -> new Content.Json("[" + deepest + "]")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void contentIsUnicode() {
        assertThatThrownBy(() -> new Content.Text("a" + HALF)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Content.Json("[\"a" + HALF + "\"]")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Content.Json("[\"\\" + "ud83d\"]")).isInstanceOf(IllegalArgumentException.class);
        assertThat(new Content.Text("\u0000\u2028😀").asText()).isEqualTo("\u0000\u2028😀");
    }

    @Test
    void contentIsNotNull() {
        assertThatThrownBy(() -> new Content.Text(null)).hasMessage("asText");
        assertThatThrownBy(() -> new Content.Json(null)).hasMessage("asText");
        assertThatThrownBy(() -> Content.Json.ofValid(null)).hasMessage("asText");
    }

    @Test
    void whatWasStoredUncheckedIsReadable() {
        assertThat(Content.ofJsonOrText("{\"a\":1}")).isEqualTo(new Content.Json("{\"a\":1}"));
        assertThat(Content.ofJsonOrText("{a")).isEqualTo(new Content.Text("{a"));
        assertThat(Content.ofJsonOrText("[\"" + HALF)).isEqualTo(new Content.Text("[\"\ufffd"));
    }
}
