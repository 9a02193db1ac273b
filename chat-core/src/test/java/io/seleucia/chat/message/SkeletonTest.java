package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SkeletonTest {
    @ParameterizedTest
    @CsvSource({
        "ada, Ada",
        "ada, ADA",
        "ada, \uff41\uff44\uff41", // full width
        "ada, \ud835\udc1a\ud835\udc1d\ud835\udc1a", // mathematical bold
        "ada, \u24d0\u24d3\u24d0", // circled
        "ada, \u0430da", // Cyrillic
        "ada, \u0410d\u0430",
        "ada, \u03b1da", // Greek
        "paypal, \u0440\u0430\u0443\u0440\u0430l",
        "scope, \u0455\u0441\u043e\u0440\u0435", // all of it
        "bob, b0b",
        "bob, \u0412\u041e\u0412",
        "bob, b\u0585b", // Armenian
        "alice, a1ice",
        "alice, aIice",
        "alice, a|ice",
        "alice, al\u0456ce",
        "alice, al\u0131ce",
        "bill, blII",
        "admin, adrnin",
        "nick, \u039dick", // a Greek capital among letters of Latin
        "victor, \u03bdictor",
        "yves, \u03a5ves",
        "strasse, stra\u00dfe",
        "strasse, STRA\u1e9eE",
        "\u03bd\u03af\u03ba\u03bf\u03c2, \u039d\u038a\u039a\u039f\u03a3", // Greek in lower and upper case
        "\u0451, \u00eb",
        "file, \ufb01le",
        "a b, a\u00a0b",
        "a b, a  b",
        "a-b, a\u2013b",
        "o'neil, o\u2019neil",
    })
    void namesThatLookAlikeHaveOneSkeleton(String one, String other) {
        assertThat(Names.skeleton(other)).isEqualTo(Names.skeleton(one));
    }

    @ParameterizedTest
    @CsvSource({
        "ada, adam",
        "ada, \u00e1da",
        "bob, rob",
        "ryan, ruan",
        "anna, hanna",
        "\u65e5\u672c, \u65e5\u5149",
        "a b, ab",
        "a.b, a-b",
        "user1, user2",
        "\u0438\u0432\u0430\u043d, \u0438\u0433\u0430\u043d",
    })
    void otherNamesHaveOthers(String one, String other) {
        assertThat(Names.skeleton(other)).isNotEqualTo(Names.skeleton(one));
    }

    /** So whoever compares names need not know whether one is a skeleton already. */
    @ParameterizedTest
    @ValueSource(
            strings = {"Alice", "adrnin", "\u1e9e", "\u0130", "\ufdfa", "r\u0274", "\u0440\u0430\u0443", "o\u0308\u0327"
            })
    void skeletonIsItsOwnSkeleton(String name) {
        assertThat(Names.skeleton(Names.skeleton(name))).isEqualTo(Names.skeleton(name));
    }
}
