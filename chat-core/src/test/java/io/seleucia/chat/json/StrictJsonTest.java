package io.seleucia.chat.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {
    private static final String HIGH = "\\" + "ud83d"; // escaped, for javac would read it as a character
    private static final String LOW = "\\" + "ude00";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0.5e+10",
                "1e999999",
                "null",
                " true ",
                "\"\"",
                "\"\\u0000\\/\\\"\"",
                "[]",
                "{\"\":[{}]}",
                "\"\u2028\u007f\"",
                "\"😀\"",
                "{\"a\":1,\"a\":2}"
            })
    void takesWhatRfc8259Allows(String text) throws IOException {
        assertThat(StrictJson.isValid(text, 3)).isTrue();
        assertThat(StrictJson.parse(text, 3)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "]",
                "[1",
                "[1,]",
                "[,1]",
                "{,}",
                "{\"a\"}",
                "{\"a\":}",
                "{a:1}",
                "{'a':1}",
                "1 2",
                "{}x",
                "// a\n1",
                "NaN",
                "Infinity",
                "-Infinity",
                "[NaN]",
                "True",
                "NULL",
                "nul",
                "01",
                "1.",
                ".5",
                "+1",
                "0x1",
                "\"\t\"",
                "\"\u0000\"",
                "\"a",
                "\"\\x\"",
                "\"\\'\"",
                "\"\\u00g0\"",
                "\ufeff1",
                "\u00a01",
                ")]}'\n1"
            })
    void refusesWhatItDoesNot(String text) {
        assertThat(StrictJson.isValid(text, 3)).isFalse();
        assertThatThrownBy(() -> StrictJson.parse(text, 3)).isInstanceOf(IOException.class);
    }

    @Test
    void refusesUnpairedSurrogates() {
        for (String text :
                new String[] {HIGH, LOW, LOW + HIGH, HIGH + HIGH + LOW, HIGH + "x" + LOW, "\ud83d", "\ude00"}) {
            assertThat(StrictJson.isValid("\"" + text + "\"", 3)).as(text).isFalse();
            assertThat(StrictJson.isValid("{\"" + text + "\":1}", 3)).as(text).isFalse();
        }
        assertThat(StrictJson.isValid("\"" + HIGH + LOW + "\"", 3)).isTrue();
    }

    @Test
    void boundsTheNesting() {
        assertThat(StrictJson.isValid("[[[1]]]", 3)).isTrue();
        assertThat(StrictJson.isValid("[{\"a\":[1]}]", 3)).isTrue();
        assertThat(StrictJson.isValid("[[[[1]]]]", 3)).isFalse();
        assertThat(StrictJson.isValid("[".repeat(1_000_000), Integer.MAX_VALUE)).isFalse();
    }

    /** What reads values and what only checks them agree, whatever the text. */
    @Test
    void checksAsItReads() {
        Random random = new Random(1);
        String alphabet = "{}[]\":,\\ud83eE10-+.tfn\n a";
        int valid = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder("{\"a\":[1,\"" + HIGH + LOW + "\",true,null,{\"b\":-1.5e3}]}");
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                int at = random.nextInt(text.length());
                text.replace(at, at + random.nextInt(2), "" + alphabet.charAt(random.nextInt(alphabet.length())));
            }
            boolean parsed = parses(text.toString());
            assertThat(StrictJson.isValid(text.toString(), 3))
                    .as(text.toString())
                    .isEqualTo(parsed);
            valid += parsed ? 1 : 0;
        }
        assertThat(valid).isBetween(1_000, 19_000);
    }

    private static boolean parses(String text) {
        try {
            StrictJson.parse(text, 3);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"id\":7,\"data\":\"\\ud800\"} | 7",
                "{\"data\":\"\\ud800\",\"id\":7} | 7",
                "{\"data\":\"a\\\"\\\\\",\"id\" : 7 } | 7",
                "{\"data\":[[[{\"id\":8}]]],\"id\":7} | 7",
                "{\"data\":[[[{\"id\":8}]]]} | ",
                "{\"data\":NaN,\"id\":7} | 7",
                "{\"id\":7,\"data\":[1 | 7",
                "{\"id\":7,\"data\":\"\\ | 7",
                "{\"id\":7,\"id\":8,\"data\":x} | 7",
                "{\"data\":\"\\\"id\\\":8,\",x,\"id\":7} | 7",
                "{\"id\":7 | ",
                "{\"id\":7.5,x} | ",
                "{\"id\":-7,x} | ",
                "{\"id\":\"7\",x} | \"7\"",
                "{\"id\":7x} | ",
                "{\"id\":99999999999999999999,x} | ",
                "[\"id\",7,x] | ",
                "\"id\":7,x | ",
                "x | ",
            })
    void findsMembersOfWhatIsNoJson(String text, String id) {
        JsonPrimitive found = StrictJson.legibleMembers(text).get("id");
        assertThat(found == null ? null : found.toString()).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "\"\\/\t\b\n\r\f",
                "\u0000\u001f\u007f",
                "\u00e4\u20ac\u2027\u2028\u2029\u202a",
                "😀\u4028"
            })
    void countsTheBytesThatGsonWrites(String text) {
        long written = StrictJson.text(new JsonPrimitive(text)).getBytes(StandardCharsets.UTF_8).length;

        assertThat(StrictJson.quotedBytes(text)).isEqualTo(written);
        assertThat(StrictJson.quotedBytes(text.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(written);
    }

    @Test
    void findsNamesAndNumbersAroundWhatItCantRead() {
        String text = "{\"type\":\"message\",\"channel\":\"l\\u006fbby\",\"offset\":12,\"sender\":\"" + HIGH
                + "\",\"data\":" + "[".repeat(100_000) + "}";
        assertThat(StrictJson.legibleMembers(text))
                .isEqualTo(Map.of(
                        "type", new JsonPrimitive("message"),
                        "channel", new JsonPrimitive("lobby"),
                        "offset", new JsonPrimitive(12)));
    }
}
