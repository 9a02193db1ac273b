package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    private static final String CHANNEL_LENGTH = "a channel's name must have 1 to 128 characters";
    private static final String CLIENT_LENGTH = "a client id must have 1 to 64 characters";

    @ParameterizedTest
    @ValueSource(strings = {"a", "lobby", "two words", " ", "a@b", "Größe", "日本", "😀", "\u00a0", "\u2028"})
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
