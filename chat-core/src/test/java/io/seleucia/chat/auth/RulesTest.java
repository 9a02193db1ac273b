package io.seleucia.chat.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.text.Wildcard;
import java.text.ParseException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RulesTest {
    private static final User ADA = new User("ada");
    private static final User BOB = new User("bob");
    private static final User GUEST = User.guest("ada");

    private static Rules rules(String text) throws ParseException {
        return Rules.parse(text.lines().toList());
    }

    private static boolean allows(Rules rules, User user, Action action, String channel) {
        return rules.allows(user, action, channel, Optional.empty());
    }

    @Test
    void theFirstThatFitsDecides() throws Exception {
        Rules rules = rules("""
                # who may write news
                allow @staff publish news.*   # they may
                deny  *      publish news.*
                allow *      publish,subscribe *
                group staff ada
                """);

        assertThat(allows(rules, ADA, Action.PUBLISH, "news.today")).isTrue();
        assertThat(allows(rules, BOB, Action.PUBLISH, "news.today")).isFalse();
        assertThat(allows(rules, BOB, Action.PUBLISH, "news")).isTrue();
        assertThat(allows(rules, BOB, Action.SUBSCRIBE, "news.today")).isTrue();
    }

    @Test
    void whatNoneFitsIsDenied() throws Exception {
        assertThat(allows(rules("allow ada publish lobby"), ADA, Action.SUBSCRIBE, "lobby"))
                .isFalse();
        assertThat(allows(rules("\n# nothing\n"), ADA, Action.PUBLISH, "lobby")).isFalse();
    }

    @Test
    void guestsHaveNoNames() throws Exception {
        Rules rules = rules("group staff ada\nallow ada publish a\nallow @staff publish b\nallow users publish c\n"
                + "allow guests publish d\nallow * publish e");

        assertThat(List.of("a", "b", "c", "d", "e").stream()
                        .filter(channel -> allows(rules, ADA, Action.PUBLISH, channel)))
                .containsExactly("a", "b", "c", "e");
        assertThat(List.of("a", "b", "c", "d", "e").stream()
                        .filter(channel -> allows(rules, GUEST, Action.PUBLISH, channel)))
                .containsExactly("d", "e");
    }

    @Test
    void directMessagesGoToNames() throws Exception {
        Rules rules = rules("allow users direct bob support*");

        assertThat(allows(rules, ADA, Action.DIRECT, "@bob")).isTrue();
        assertThat(allows(rules, ADA, Action.DIRECT, "@support-2")).isTrue();
        assertThat(allows(rules, ADA, Action.DIRECT, "@eve")).isFalse();
    }

    @Test
    void aStarDoesNotMakeAModerator() throws Exception {
        Rules rules = rules("allow bob moderate,edit lobby\nallow * * *");

        for (Action action : Action.values()) {
            assertThat(allows(rules, ADA, action, "@lobby"))
                    .as(action.toString())
                    .isEqualTo(action != Action.MODERATE);
        }
        assertThat(allows(rules, BOB, Action.MODERATE, "lobby")).isTrue();
        assertThat(allows(rules, BOB, Action.MODERATE, "hall")).isFalse();
    }

    @Test
    void editsOfDirectMessagesConcernInboxes() throws Exception {
        Rules rules = rules("allow users edit,delete @b*");

        assertThat(allows(rules, ADA, Action.EDIT, "@bob")).isTrue();
        assertThat(allows(rules, ADA, Action.DELETE, "@bob")).isTrue();
        assertThat(allows(rules, ADA, Action.DELETE, "bob")).isFalse();
    }

    @Test
    void quotationMarksHoldWhatElseWouldMeanSomething() throws Exception {
        Rules rules =
                rules("group staff \"Grace Hopper\"\nallow @staff * \"#engine room\"\nallow \"guests\" publish x");

        assertThat(allows(rules, new User("Grace Hopper"), Action.PRESENCE, "#engine room"))
                .isTrue();
        assertThat(allows(rules, new User("guests"), Action.PUBLISH, "x")).isTrue();
        assertThat(allows(rules, GUEST, Action.PUBLISH, "x")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "lobby, lobby, true",
        "lobby, lobby2, false",
        "news.*, news., true",
        "news.*, news, false",
        "*, anything, true",
        "*.log, a.log, true",
        "*.log, a.log.b, false",
        "a*b*c, abc, true",
        "a*b*c, a-b-b-c, true",
        "a*b*c, a-c-b, false",
        "a*b*b, a-b, false",
        "**, x, true",
        "a**, a, true",
    })
    void starsStandForAnyText(String pattern, String channel, boolean fits) {
        assertThat(Wildcard.of(pattern).matches(channel)).isEqualTo(fits);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "allow ada | what is allowed: group NAME USER …, or allow|deny",
                "permit ada publish x | what is allowed",
                "allow ada publish | what is allowed",
                "allow ada write x | 'write' is no action: an action must be one of subscribe, publish",
                "allow ada publish, x | '' is no action",
                "allow @staff publish x | there is no group staff",
                "group | what is allowed",
                "allow ada publish x\"y z\" | quotation mark",
                "allow \"ada publish x | quotation mark",
                "group staff \"\" | '' is no user",
            })
    void saysWhatIsWrongInWhichLine(String line, String message) {
        ParseException flaw = catchThrowableOfType(ParseException.class, () -> rules("# first\n" + line));

        assertThat(flaw).hasMessageContaining(message.split("\\|")[0]);
        assertThat(flaw.getErrorOffset()).isEqualTo(2);
    }
}
