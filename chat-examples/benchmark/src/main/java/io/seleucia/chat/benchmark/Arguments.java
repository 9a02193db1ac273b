package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The options of a command line. A wrong one is an {@link IllegalArgumentException} with a message for the user. */
public final class Arguments {
    /** A program with a command line. */
    public interface Program<T> {
        /** Runs. Returns whether everything succeeded. */
        boolean run(T options) throws IOException;
    }

    private static final Pattern EXPLAINED = Pattern.compile("(?m)^ {2}(--[a-z-]+)( \\S)?");
    private static final int MAX_SECONDS = 3_600;

    private final Map<String, String> values = new HashMap<>();

    /**
     * Reads the command line.
     *
     * @param usage a line for each option: two spaces, the name and, if it needs a value, a space and a word for it
     */
    public Arguments(String usage, String... arguments) {
        Map<String, Boolean> needsValue = EXPLAINED
                .matcher(usage)
                .results()
                .collect(Collectors.toMap(option -> option.group(1), option -> option.group(2) != null));
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            if (!needsValue.containsKey(name)) {
                throw new IllegalArgumentException("unknown option " + name);
            }
            if (needsValue.get(name) && ++i == arguments.length) {
                throw new IllegalArgumentException(name + " needs a value");
            }
            if (values.put(name, arguments[i]) != null) {
                throw new IllegalArgumentException(name + " is given twice");
            }
        }
    }

    /**
     * Runs a program with its options, or prints the usage. Returns the exit status: 0 for success, 1 for a failure, 2 for a
     * wrong option.
     */
    public static <T> int run(String usage, Function<String[], T> reading, Program<T> program, String... arguments) {
        Locale.setDefault(Locale.ROOT); // the same digits and separators everywhere
        if (List.of(arguments).contains("--help")) {
            System.out.print(usage);
            return 0;
        }
        T options;
        try {
            options = reading.apply(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + " (--help tells more)");
            return 2;
        }
        try {
            return program.run(options) ? 0 : 1;
        } catch (IOException e) {
            System.err.println("failed: " + e);
            return 1;
        }
    }

    /** Returns lines for the usage that explain an option's values. */
    public static <T> String explained(List<T> all, Function<T, String> purpose) {
        return all.stream()
                .map(one -> "                      %-8s %s".formatted(one, purpose.apply(one)))
                .collect(Collectors.joining("\n"));
    }

    /** Returns whether an option is given. */
    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** Returns an option's value, if it is given. */
    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Returns an option's value, which must be one of some. */
    public <T> Optional<T> choice(String name, List<T> all, Function<T, String> spelling) {
        return text(name).map(value -> find(name, value, all, spelling));
    }

    /** Returns an option's comma-separated values, which must be some of all. */
    public <T> Optional<List<T>> choices(String name, List<T> all) {
        return text(name)
                .map(value -> Stream.of(value.split(",", -1))
                        .map(word -> find(name, word, all, Object::toString))
                        .distinct()
                        .toList());
    }

    /** Returns an option's values as {@link #choices} does, or all for the word {@code all}. */
    public <T> Optional<List<T>> choicesOrAll(String name, List<T> all) {
        return text(name).filter("all"::equals).isPresent() ? Optional.of(all) : choices(name, all);
    }

    private static <T> T find(String name, String word, List<T> all, Function<T, String> spelling) {
        return all.stream()
                .filter(one -> spelling.apply(one).equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " knows "
                        + all.stream().map(spelling).collect(Collectors.joining(", ")) + ", but not " + word));
    }

    /** Returns a constant's spelling in options. */
    public static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Returns an option's value, a number within bounds. */
    public int number(String name, int normal, int least, int most) {
        String value = values.getOrDefault(name, Integer.toString(normal));
        if (!isNumber(value, least, most)) {
            throw new IllegalArgumentException(name + " must be a number from " + least + " to " + most);
        }
        return Integer.parseInt(value);
    }

    /** Returns an option's value, at most an hour in seconds. */
    public int seconds(String name, int normal, int least) {
        return number(name, normal, least, MAX_SECONDS);
    }

    /** Returns an option's comma-separated values, numbers within bounds. */
    public List<Integer> numbers(String name, List<Integer> normal, int least, int most) {
        return text(name)
                .map(value -> Stream.of(value.split(",", -1))
                        .map(word -> {
                            if (!isNumber(word, least, most)) {
                                throw new IllegalArgumentException(
                                        name + " must be numbers from " + least + " to " + most + ", such as 1,2,4");
                            }
                            return Integer.valueOf(word);
                        })
                        .distinct()
                        .toList())
                .orElse(normal);
    }

    private static boolean isNumber(String value, int least, int most) {
        return value.matches("[0-9]{1,9}") && Integer.parseInt(value) >= least && Integer.parseInt(value) <= most;
    }

    /** Returns an option's value, a URL of a scheme with a host. The message for the user shows the usual rest. */
    public Optional<URI> url(String name, String scheme, String rest) {
        return text(name).map(value -> {
            IllegalArgumentException refusal =
                    new IllegalArgumentException(name + " must look like " + scheme + "://" + rest);
            try {
                URI url = new URI(value);
                if (scheme.equalsIgnoreCase(url.getScheme()) && url.getHost() != null && url.getPort() < 1 << 16) {
                    return url;
                }
            } catch (URISyntaxException e) {
                refusal.initCause(e);
            }
            throw refusal;
        });
    }

    /** Refuses more senders than members, or more members in all than a maximum. */
    public static void checkSizes(Object scenario, int channels, int members, int senders, int maxConnections) {
        if ((long) channels * members > maxConnections) {
            throw new IllegalArgumentException(
                    "--channels times --members must not exceed " + maxConnections + ", as in " + scenario);
        }
        if (senders > members) {
            throw new IllegalArgumentException("there must not be more --senders (" + senders + ") than --members ("
                    + members + "), as in " + scenario);
        }
    }

    /** Refuses some options, if they are given. */
    public void refuseAll(String why, String... names) {
        for (String name : names) {
            if (has(name)) {
                throw new IllegalArgumentException(name + " " + why);
            }
        }
    }
}
