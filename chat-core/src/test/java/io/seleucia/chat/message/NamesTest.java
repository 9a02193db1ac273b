package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    private static final String CHANNEL_LENGTH = "a channel's name must have 1 to 128 characters";
    private static final String CLIENT_LENGTH = "a client id must have 1 to 64 characters";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "lobby",
                "two words",
                "a\u00a0b",
                "a@b",
                "Größe",
                "日本",
                "😀",
                "e\u0301",
                "नि",
                "\u0e01\u0e34"
            })
    void takesNames(String name) {
        assertThat(Names.flawOfChannel(name)).isEmpty();
        assertThat(Names.flawOfClient(name)).isEmpty();
    }

    @Test
    void refusesEmptyNames() {
        assertThat(Names.flawOfChannel("")).contains(CHANNEL_LENGTH);
        assertThat(Names.flawOfClient("")).contains(CLIENT_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "ä", "😀"}) // one, one and two chars
    void countsCharactersOfChannel(String character) {
        assertThat(Names.flawOfChannel(character.repeat(128))).isEmpty();
        assertThat(Names.flawOfChannel(character.repeat(129))).contains(CHANNEL_LENGTH);
        assertThat(Names.flawOfChannel(character.repeat(1_000_000))).contains(CHANNEL_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "ä", "😀"})
    void countsCharactersOfClient(String character) {
        assertThat(Names.flawOfClient(character.repeat(64))).isEmpty();
        assertThat(Names.flawOfClient(character.repeat(65))).contains(CLIENT_LENGTH);
        assertThat(Names.flawOfClient(character.repeat(1_000_000))).contains(CLIENT_LENGTH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"@", "@ada", "@\n"})
    void keepsChannelsWithAtSignForInboxes(String name) {
        assertThat(Names.flawOfChannel(name)).contains("a channel's name must not start with @");
    }

    @Test
    void takesClientWithAtSign() {
        assertThat(Names.flawOfClient("@ada")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(chars = {0x00, '\t', '\n', '\r', 0x1f, 0x7f, 0x80, 0x85, 0x9f})
    void refusesControlCharacters(char character) {
        String name = "a" + character + "b";

        assertThat(Names.flawOfChannel(name)).contains("a channel's name must not have control characters");
        assertThat(Names.flawOfClient(name)).contains("a client id must not have control characters");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180e, 0x180f, 0x200b, 0x200c, 0x200d,
                0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2065, 0x2066, 0x2069, 0x206f, 0x3164, 0xfe00,
                0xfe0f, 0xfeff, 0xffa0, 0xfff0, 0xfff9, 0x110bd, 0x1bca0, 0x1d173, 0xe0001, 0xe0020, 0xe0100, 0xe0fff
            })
    void refusesFormatCharacters(int character) {
        String name = "a" + Character.toString(character) + "b";

        assertThat(Names.flawOfChannel(name))
                .contains("a channel's name must not have format characters, such as those that show nothing");
        assertThat(Names.flawOfClient(name))
                .contains("a client id must not have format characters, such as those that show nothing");
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x20, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
                0x200a, 0x202f, 0x205f, 0x3000
            })
    void refusesWhiteSpaceAtEnds(int character) {
        String space = Character.toString(character);

        for (String name : new String[] {space + "a", "a" + space, space}) {
            assertThat(Names.flawOfChannel(name)).contains("a channel's name must not begin or end with white space");
            assertThat(Names.flawOfClient(name)).contains("a client id must not begin or end with white space");
        }
        assertThat(Names.flawOfClient("a" + space + "b")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0301", "\u0301\u0302", "\u20dd", "\u0301 \u0301", "\u2800", "\u2800\u0301", "\u0903"})
    void refusesNamesThatShowNothing(String name) {
        assertThat(Names.flawOfChannel(name)).contains("a channel's name must have a character that can be seen");
        assertThat(Names.flawOfClient(name)).contains("a client id must have a character that can be seen");
    }

    @Test
    void knowsOneFormOfNamesThatLookAndMeanTheSame() {
        assertThat(Names.normal("Gro\u0308\u00dfe")).isEqualTo("Gr\u00f6\u00dfe");
        assertThat(Names.normal("\u212b")).isEqualTo("\u00c5"); // the sign of the unit, and the letter
        assertThat(Names.normal("\uff21")).isEqualTo("\uff21"); // wide, which looks otherwise
        String plain = "lobby \u00e9";
        assertThat(Names.normal(plain)).isSameAs(plain);
    }

    @Test
    void countsCharactersOfNormalForm() {
        assertThat(Names.flawOfClient("o\u0308".repeat(64))).isEmpty();
        assertThat(Names.flawOfClient("\ufb2c".repeat(22))).contains(CLIENT_LENGTH); // of which each becomes three
    }

    /** Normalising these takes time by the square of their number: the length of a text is looked at first. */
    @Test
    void spendsNoTimeOnLongTexts() {
        String marks = "a" + "\u0327\u0301".repeat(4_000_000);

        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertThat(Names.flawOfChannel(marks)).contains(CHANNEL_LENGTH);
            assertThat(Names.normal(marks)).isSameAs(marks);
            assertThat(Names.skeleton(marks)).isSameAs(marks);
        });
    }

    @ParameterizedTest
    @ValueSource(chars = {0xd800, 0xdbff, 0xdc00, 0xdfff})
    void refusesLoneSurrogates(char surrogate) {
        String name = "a" + surrogate + "b";

        assertThat(Names.flawOfChannel(name)).contains("a channel's name must be valid Unicode");
        assertThat(Names.flawOfClient(name)).contains("a client id must be valid Unicode");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "ä", "😀", "a😀b", "😀😀", "\ud800\udc00", "\udbff\udfff", "\ud7ff\ue000\uffff"})
    void knowsUnicode(String text) {
        assertThat(Names.isUnicode(text)).isTrue();
    }

    /** Built here, for a surrogate alone can't be written into a class file's annotations. */
    @Test
    void knowsSurrogatesThatStandAlone() {
        char high = '\ud83d';
        char low = '\ude00';

        assertThat(Names.isUnicode("" + high)).isFalse();
        assertThat(Names.isUnicode("" + low)).isFalse();
        assertThat(Names.isUnicode("" + low + high)).isFalse();
        assertThat(Names.isUnicode("" + high + high + low)).isFalse();
        assertThat(Names.isUnicode("" + high + low + low)).isFalse();
        assertThat(Names.isUnicode("a" + high + "b")).isFalse();
    }
}
