package io.seleucia.chat.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.options.ChannelOptions.Audience;
import io.seleucia.chat.options.ChannelOptions.Rate;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelRulesTest {
    private static final String NAMES =
            "history-size, history-age, cache, joins, rate, burst, max-message-bytes, references,"
                    + " subscribe, publish, history, presence, signal, direct, edit, delete, list, describe, moderate";

    private static ChannelRules rules(String text) throws ParseException {
        return ChannelRules.parse(text.lines().toList());
    }

    private static ChannelOptions options(String words) throws ParseException {
        return rules("x " + words).of("x");
    }

    @Test
    void theFirstPatternThatMatchesDecides() throws Exception {
        ChannelRules rules = rules("""
                # a comment, and then an exception

                news.old   # with the server's settings
                news.*     history-size=10
                "team #1"  history-size=20
                *          history-size=30 cache=2
                """);

        assertThat(rules.of("news.old")).isEqualTo(ChannelOptions.DEFAULT);
        assertThat(rules.of("news.today")).isEqualTo(ChannelOptions.DEFAULT.withHistorySize(10));
        assertThat(rules.of("team #1").historySize()).isEqualTo(20);
        assertThat(rules.of("lobby"))
                .isEqualTo(ChannelOptions.DEFAULT.withHistorySize(30).withCache(2));
    }

    @Test
    void aChannelThatNoPatternMatchesHasTheDefault() throws Exception {
        assertThat(rules("news.* cache=1").of("lobby")).isSameAs(ChannelOptions.DEFAULT);
        assertThat(ChannelRules.NONE.of("lobby")).isSameAs(ChannelOptions.DEFAULT);
    }

    @Test
    void readsEveryOption() throws Exception {
        ChannelOptions options = options("history-size=0 history-age=90m joins=nobody rate=1/30s burst=3"
                + " max-message-bytes=2000 references=reply,edit subscribe=users publish=moderators history=nobody"
                + " presence=everybody");

        assertThat(options)
                .isEqualTo(ChannelOptions.DEFAULT
                        .withHistorySize(0)
                        .withHistoryAge(Duration.ofMinutes(90))
                        .withJoins(false)
                        .withRate(new Rate(1, Duration.ofSeconds(30), 3))
                        .withMaxMessageBytes(2_000)
                        .withReferences(Set.of(Kind.REPLY, Kind.EDIT))
                        .withAudience(Action.SUBSCRIBE, Audience.USERS)
                        .withAudience(Action.PUBLISH, Audience.MODERATORS)
                        .withAudience(Action.HISTORY, Audience.NOBODY)
                        .withAudience(Action.PRESENCE, Audience.EVERYBODY));
        assertThat(options.audience(Action.EDIT)).isEqualTo(Audience.EVERYBODY);
        for (Action action : Action.values()) {
            assertThat(options(action.word() + "=nobody").audience(action)).isEqualTo(Audience.NOBODY);
        }
        assertThat(options("references=none").references()).isEmpty();
        assertThat(options("references=all joins=everybody cache=1")).isEqualTo(ChannelOptions.DEFAULT.withCache(1));
        assertThat(options("rate=5/1s").rate()).isEqualTo(new Rate(5, Duration.ofSeconds(1), 5));
        assertThat(options("history-age=36500d").historyAge()).isEqualTo(Duration.ofDays(36_500));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x history-size=many | history-size: 'many' is not allowed; it must be a whole number, 0 or more",
                "x history-size=-1 | history-size: '-1' is not allowed; it must be a whole number, 0 or more",
                "x history-size=9999999999 | history-size: '9999999999' is not allowed; it must be a whole number, 0 or more",
                "x history-size | history-size: '' is not allowed; it must be a whole number, 0 or more",
                "x history-age=1w | history-age: '1w' is not allowed; it must be a time such as 25s, 10m, 24h or 30d, above 0 and at most 36500d",
                "x history-age=0s | history-age: '0s' is not allowed; it must be a time such as 25s, 10m, 24h or 30d, above 0 and at most 36500d",
                "x history-age=36501d | history-age: '36501d' is not allowed; it must be a time such as 25s, 10m, 24h or 30d, above 0 and at most 36500d",
                "x cache=101 | cache: '101' is not allowed; it must be a whole number, from 0 to 100",
                "x cache=1 history-size=0 | a cache needs a history, of at least one message",
                "x history-size=0 cache=1 | a cache needs a history, of at least one message",
                "x joins=users | joins: 'users' is not allowed; it must be everybody or nobody",
                "x rate=5 | rate: '5' is not allowed; it must be messages and a time of at most 1d, such as 5/1s or 1/30s",
                "x rate=0/1s | rate: '0/1s' is not allowed; it must be messages and a time of at most 1d, such as 5/1s or 1/30s",
                "x rate=5/s | rate: '5/s' is not allowed; it must be messages and a time of at most 1d, such as 5/1s or 1/30s",
                "x burst=5 | burst must stand behind rate",
                "x rate=5/1s burst=0 | burst: '0' is not allowed; it must be a whole number, from 1 to 10000",
                "x max-message-bytes=0 | max-message-bytes: '0' is not allowed; it must be a whole number, 1 or more",
                "x references=edits | references: 'edits' is not allowed; it must be all, none, or some of reply,edit,delete,reaction, separated by commas",
                "x references=edit, | references: 'edit,' is not allowed; it must be all, none, or some of reply,edit,delete,reaction, separated by commas",
                "x publish=staff | publish: 'staff' is not allowed; it must be one of everybody, users, moderators, nobody",
                "x publish=users publish=nobody | publish is given twice",
                "x=1 | a line begins with a pattern of channels, in quotation marks if it has a = in it; what is allowed: PATTERN OPTION=VALUE …",
                "\"\" cache=1 | a pattern must not be empty; what is allowed: PATTERN OPTION=VALUE …",
                "x\"y | a quotation mark must stand at the beginning of a word, and another at its end",
                "@bob cache=1 | inboxes have no cache: leave it out for @bob",
            })
    void saysWhichLineIsMalformedAndWhatIsAllowed(String line, String message) {
        ParseException refused = catchThrowableOfType(ParseException.class, () -> rules("# one\n* cache=1\n" + line));

        assertThat(refused).hasMessage(message);
        assertThat(refused.getErrorOffset()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"x historysize=1, historysize=1", "x on, on", "x \"cache=1\", cache=1", "x =, ="})
    void listsTheOptionsInPlaceOfOneThatIsUnknown(String line, String word) {
        assertThatThrownBy(() -> rules(line))
                .isInstanceOf(ParseException.class)
                .hasMessage("'" + word + "' is no option; the options are " + NAMES);
    }

    @Test
    void onlyPatternsWithAnAtSignMatchInboxes() throws Exception {
        ChannelRules rules = rules("""
                @b*  history-size=1
                *    history-size=2
                @*   history-size=3
                """);

        assertThat(rules.of("@bob").historySize()).isEqualTo(1);
        assertThat(rules.of(Names.accountInboxOf("bob")).historySize()).isEqualTo(1);
        assertThat(rules.of("@ada").historySize()).isEqualTo(3);
        assertThat(rules.of("bob").historySize()).isEqualTo(2);
        assertThat(rules.of(Names.CONTROL_CHANNEL)).isSameAs(ChannelOptions.DEFAULT);
        assertThat(rules("* history-size=0").of("@bob")).isSameAs(ChannelOptions.DEFAULT);
    }

    @Test
    void aProgramAddsPatterns() {
        ChannelOptions brief = ChannelOptions.DEFAULT.withHistoryAge(Duration.ofMinutes(1));
        ChannelOptions few = ChannelOptions.DEFAULT.withHistorySize(5).withHistoryAge(Duration.ofDays(2));
        ChannelRules rules = ChannelRules.NONE.with("a.*", brief).with("*", few);

        assertThat(rules.of("a.b")).isEqualTo(brief);
        assertThat(rules.of("b")).isEqualTo(few);
        assertThat(rules.longestAge()).isEqualTo(Duration.ofDays(2));
        assertThatThrownBy(() -> rules.with("@*", ChannelOptions.DEFAULT.withCache(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void changesWhatIsSetOfTheRetention() {
        Retention base = Retention.DEFAULT;

        assertThat(ChannelOptions.DEFAULT.retention(base)).isSameAs(base);
        assertThat(ChannelOptions.DEFAULT.withHistorySize(0).retention(base)).isEqualTo(base.withMessages(0));
        assertThat(ChannelOptions.DEFAULT
                        .withHistoryAge(Duration.ofDays(60))
                        .retention(base)
                        .positions())
                .isEqualTo(Duration.ofDays(60));
    }

    @Test
    void tellsThoseWhoListenOfAChange() {
        CurrentOptions options = new CurrentOptions();
        List<Integer> seen = new ArrayList<>();
        CurrentOptions.Registration registration =
                options.whenChanged(() -> seen.add(options.of("x").historySize()));

        options.change(ChannelRules.NONE.with("x", ChannelOptions.DEFAULT.withHistorySize(7)));
        registration.close();
        options.change(ChannelRules.NONE);

        assertThat(seen).containsExactly(7);
        assertThat(options.of("x")).isSameAs(ChannelOptions.DEFAULT);
    }
}
