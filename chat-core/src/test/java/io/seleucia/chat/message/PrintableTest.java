package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTest {
    @ParameterizedTest
    @CsvSource({
        "0000, \\u0000",
        "0007, \\u0007",
        "0009, \\t",
        "000a, \\n",
        "000d, \\r",
        "001b, \\u001b",
        "007f, \\u007f",
        "0085, \\u0085",
        "009b, \\u009b",
        "00ad, \\u00ad",
        "061c, \\u061c",
        "200b, \\u200b",
        "200d, \\u200d",
        "200e, \\u200e",
        "2028, \\u2028",
        "2029, \\u2029",
        "202e, \\u202e",
        "2066, \\u2066",
        "2069, \\u2069",
        "feff, \\ufeff",
        "e0041, \\udb40\\udc41",
        "d800, \\ud800"
    })
    void escapesWhatSteersOrHides(String hex, String escaped) {
        String text = Character.toString(Integer.parseInt(hex, 16));

        assertThat(Printable.line("a" + text + "b")).isEqualTo("a" + escaped + "b");
    }

    @Test
    void leavesWhatIsShown() {
        String text = "plain ÄÖ, 日本, שלום, مرحبا, ☕ 🎉 \\ \"quoted\"";

        assertThat(Printable.line(text)).isSameAs(text);
    }

    @Test
    void changesNoMeaningOfJson() {
        String text = "\u001b[2J\u009b1m\u202e\u007f\udb40\udc41 \\u202e";

        assertThat(JsonParser.parseString(Printable.line(new JsonPrimitive(text).toString()))
                        .getAsString())
                .isEqualTo(text);
    }
}
