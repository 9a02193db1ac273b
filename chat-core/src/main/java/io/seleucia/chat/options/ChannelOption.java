package io.seleucia.chat.options;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.text.Word;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An option as it is written: {@code name=value}.
 *
 * @param allowed the words for what the value may be
 * @param reading returns options with the value; empty if it is malformed
 */
record ChannelOption(String allowed, Reading reading) {
    private interface Reading {
        Optional<ChannelOptions> with(ChannelOptions options, String value);
    }

    private static final String ALL = "all";
    private static final String NONE = "none";
    private static final String BURST = "burst";
    private static final String RATE = "rate";
    private static final Duration LONGEST = Duration.ofDays(36_500);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
    private static final Map<String, ChannelOption> BY_NAME = byName();

    private static Map<String, ChannelOption> byName() {
        Map<String, ChannelOption> options = new LinkedHashMap<>(); // in the order of the documentation
        options.put("history-size", number("0 or more", 0, Integer.MAX_VALUE, ChannelOptions::withHistorySize));
        options.put(
                "history-age",
                new ChannelOption(
                        "a time such as 25s, 10m, 24h or 30d, above 0 and at most 36500d",
                        (to, value) -> duration(value).map(to::withHistoryAge)));
        options.put(
                "cache",
                number(
                        "from 0 to " + ChannelOptions.MAX_CACHE,
                        0,
                        ChannelOptions.MAX_CACHE,
                        ChannelOptions::withCache));
        options.put(
                "joins",
                new ChannelOption(
                        "everybody or nobody",
                        (to, value) -> audience(value)
                                .filter(it ->
                                        it == ChannelOptions.Audience.EVERYBODY || it == ChannelOptions.Audience.NOBODY)
                                .map(it -> to.withJoins(it == ChannelOptions.Audience.EVERYBODY))));
        options.put(
                RATE,
                new ChannelOption(
                        "messages and a time of at most 1d, such as 5/1s or 1/30s",
                        (to, value) -> rate(value).map(to::withRate)));
        options.put(
                BURST,
                number(
                        "from 1 to " + ChannelOptions.Rate.MAX_BURST,
                        1,
                        ChannelOptions.Rate.MAX_BURST,
                        (to, burst) -> to.withRate(new ChannelOptions.Rate(
                                to.rate().messages(), to.rate().per(), burst))));
        options.put(
                "max-message-bytes", number("1 or more", 1, Integer.MAX_VALUE, ChannelOptions::withMaxMessageBytes));
        options.put(
                "references",
                new ChannelOption(
                        ALL + ", " + NONE + ", or some of " + words(Reference.Kind.values(), ",")
                                + ", separated by commas",
                        (to, value) -> kinds(value).map(to::withReferences)));
        for (Action action : Action.values()) {
            options.put(
                    action.word(),
                    new ChannelOption(
                            "one of " + words(ChannelOptions.Audience.values(), ", "),
                            (to, value) -> audience(value).map(audience -> to.withAudience(action, audience))));
        }
        return options;
    }

    private interface WithNumber {
        ChannelOptions with(ChannelOptions options, int number);
    }

    private static ChannelOption number(String range, int least, int most, WithNumber with) {
        return new ChannelOption("a whole number, " + range, (to, value) -> {
            OptionalInt number = number(value);
            return number.isPresent() && number.getAsInt() >= least && number.getAsInt() <= most
                    ? Optional.of(with.with(to, number.getAsInt()))
                    : Optional.empty();
        });
    }

    /**
     * Returns the options that these words are.
     *
     * @throws IllegalArgumentException if one is malformed; the message says what is allowed
     */
    static ChannelOptions read(List<Word> words) {
        ChannelOptions options = ChannelOptions.DEFAULT;
        Set<String> seen = new HashSet<>();
        for (Word word : words) {
            int equals = word.text().indexOf('=');
            String name = equals < 0 ? word.text() : word.text().substring(0, equals);
            ChannelOption option = BY_NAME.get(name);
            if (option == null || word.quoted()) {
                throw new IllegalArgumentException(
                        "'" + word.text() + "' is no option; the options are " + String.join(", ", BY_NAME.keySet()));
            }
            String value = equals < 0 ? "" : word.text().substring(equals + 1);
            if (!seen.add(name)) {
                throw new IllegalArgumentException(name + " is given twice");
            }
            if (name.equals(BURST) && !seen.contains(RATE)) {
                throw new IllegalArgumentException(BURST + " must stand behind " + RATE);
            }
            options = option.reading
                    .with(options, value)
                    .orElseThrow(() -> new IllegalArgumentException(
                            name + ": '" + value + "' is not allowed; it must be " + option.allowed));
        }
        return options;
    }

    private static OptionalInt number(String text) {
        try {
            return text.matches("[0-9]{1,10}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
        } catch (NumberFormatException e) {
            return OptionalInt.empty(); // beyond an int
        }
    }

    private static Optional<Duration> duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
        return Optional.of(duration).filter(it -> it.isPositive() && it.compareTo(LONGEST) <= 0);
    }

    /** Returns a rate whose burst is the number of messages, if that is not too large. */
    private static Optional<ChannelOptions.Rate> rate(String text) {
        int slash = text.indexOf('/');
        OptionalInt messages = slash < 0 ? OptionalInt.empty() : number(text.substring(0, slash));
        if (messages.isEmpty() || messages.getAsInt() < 1) {
            return Optional.empty();
        }
        return duration(text.substring(slash + 1))
                .filter(per -> per.compareTo(ChannelOptions.Rate.MAX_PER) <= 0)
                .map(per -> new ChannelOptions.Rate(
                        messages.getAsInt(), per, Math.min(messages.getAsInt(), ChannelOptions.Rate.MAX_BURST)));
    }

    private static Optional<ChannelOptions.Audience> audience(String text) {
        return Arrays.stream(ChannelOptions.Audience.values())
                .filter(audience -> word(audience).equals(text))
                .findFirst();
    }

    private static Optional<Set<Reference.Kind>> kinds(String text) {
        if (text.equals(ALL)) {
            return Optional.of(EnumSet.allOf(Reference.Kind.class));
        }
        Set<Reference.Kind> kinds = EnumSet.noneOf(Reference.Kind.class);
        if (text.equals(NONE)) {
            return Optional.of(kinds);
        }
        for (String word : text.split(",", -1)) {
            Optional<Reference.Kind> kind = Reference.Kind.ofWord(word);
            if (kind.isEmpty()) {
                return Optional.empty();
            }
            kinds.add(kind.get());
        }
        return Optional.of(kinds);
    }

    private static String words(Enum<?>[] values, String separator) {
        return Arrays.stream(values).map(ChannelOption::word).collect(Collectors.joining(separator));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
