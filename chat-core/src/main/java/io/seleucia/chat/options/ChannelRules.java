package io.seleucia.chat.options;

import io.seleucia.chat.message.Names;
import io.seleucia.chat.text.Wildcard;
import io.seleucia.chat.text.Word;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Options of channels by patterns of their names, a line each. The first pattern that matches a channel decides; without one,
 * the channel has {@link ChannelOptions#DEFAULT}.
 *
 * <pre>{@code
 * typing.*    history-size=0 presence=nobody joins=nobody
 * announce.*  publish=moderators history-age=30d cache=1
 * support.*   rate=1/10s max-message-bytes=2000 references=reply,edit
 * }</pre>
 *
 * <p>In a pattern, {@code *} stands for any text. A pattern with spaces stands in quotation marks. {@code #} begins a comment.
 * Only a pattern that begins with {@code @} matches inboxes, which are called {@code @} and the client's name.
 *
 * <p>Immutable. A look-up costs some nanoseconds for each pattern.
 */
public final class ChannelRules {
    /** No patterns. */
    public static final ChannelRules NONE = new ChannelRules(List.of());

    private static final String ALLOWED = "what is allowed: PATTERN OPTION=VALUE …";

    private record Rule(Wildcard pattern, ChannelOptions options) {
        boolean isForInboxes() {
            return pattern.prefix().startsWith("@");
        }
    }

    private final List<Rule> rules;
    private final boolean haveInboxes;

    private ChannelRules(List<Rule> rules) {
        this.rules = List.copyOf(rules);
        this.haveInboxes = rules.stream().anyMatch(Rule::isForInboxes);
    }

    /**
     * Reads patterns with options.
     *
     * @param lines the lines of the file
     * @return the rules
     * @throws ParseException at the first malformed line; its offset is the number of the line, from 1
     */
    public static ChannelRules parse(List<String> lines) throws ParseException {
        Objects.requireNonNull(lines, "lines");
        lines.forEach(line -> Objects.requireNonNull(line, "lines has null in it"));
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            try {
                List<Word> words = Word.of(lines.get(i));
                if (!words.isEmpty()) {
                    rules.add(rule(words));
                }
            } catch (IllegalArgumentException e) {
                throw new ParseException(e.getMessage(), i + 1);
            }
        }
        return new ChannelRules(rules);
    }

    private static Rule rule(List<Word> words) {
        Word pattern = words.getFirst();
        if (pattern.text().contains("=") && !pattern.quoted()) {
            throw new IllegalArgumentException(
                    "a line begins with a pattern of channels, in quotation marks if it has a" + " = in it; "
                            + ALLOWED);
        }
        return rule(pattern.text(), ChannelOption.read(words.subList(1, words.size())));
    }

    private static Rule rule(String pattern, ChannelOptions options) {
        if (pattern.isEmpty()) {
            throw new IllegalArgumentException("a pattern must not be empty; " + ALLOWED);
        }
        Rule rule = new Rule(Wildcard.of(Names.normal(pattern)), options);
        if (rule.isForInboxes() && options.cache() > 0) {
            throw new IllegalArgumentException("inboxes have no cache: leave it out for " + pattern);
        }
        return rule;
    }

    /**
     * {@return a copy with one pattern more, behind all others}
     *
     * @param pattern the pattern, in which {@code *} stands for any text
     * @param options the options of the channels that match it, and no pattern before it
     * @throws IllegalArgumentException if the pattern is empty, or begins with {@code @} and the options have a cache
     */
    public ChannelRules with(String pattern, ChannelOptions options) {
        Objects.requireNonNull(pattern, "pattern");
        Objects.requireNonNull(options, "options");
        return new ChannelRules(
                Stream.concat(rules.stream(), Stream.of(rule(pattern, options))).toList());
    }

    /**
     * {@return the options of a channel} The channel of the servers has {@link ChannelOptions#DEFAULT}.
     *
     * @param channel the channel's name, as a broker knows it
     */
    public ChannelOptions of(String channel) {
        Objects.requireNonNull(channel, "channel");
        boolean inbox = Names.isInbox(channel);
        if (rules.isEmpty() || inbox && (!haveInboxes || channel.equals(Names.CONTROL_CHANNEL))) {
            return ChannelOptions.DEFAULT;
        }
        String shown = inbox ? Names.shown(channel) : channel;
        for (Rule rule : rules) {
            if (rule.isForInboxes() == inbox && rule.pattern.matches(shown)) {
                return rule.options;
            }
        }
        return ChannelOptions.DEFAULT;
    }

    /** {@return the longest {@link ChannelOptions#historyAge} of any channel; zero if none is set} */
    public Duration longestAge() {
        return rules.stream()
                .map(rule -> rule.options.historyAge())
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }
}
