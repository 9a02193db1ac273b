package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The arguments of a command: its own options, and settings.
 *
 * @param options the given options, without dashes
 * @param settings all other arguments
 */
record CommandLine(Map<String, String> options, List<String> settings) {
    /**
     * Separates options from settings.
     *
     * @param names the command's own options, each of which takes a value: {@code --name=value} or {@code --name value}
     */
    static CommandLine of(List<String> arguments, Set<String> names) throws SettingsException {
        Map<String, String> options = new HashMap<>();
        List<String> settings = new ArrayList<>();
        for (Flag flag : flags(arguments, names::contains)) {
            if (names.contains(flag.name())) {
                options.put(flag.name(), flag.needed());
            } else {
                settings.add(flag.word + flag.value.map(value -> "=" + value).orElse(""));
            }
        }
        return new CommandLine(options, settings);
    }

    /**
     * An argument such as {@code --name}, with its value.
     *
     * @param word the argument without a value: with its dashes, if it has them
     */
    record Flag(String word, Optional<String> value) {
        /** Returns the name without dashes; empty if the argument has none. */
        String name() {
            return word.startsWith("--") ? word.substring(2) : "";
        }

        /** Returns the value, without which the flag makes no sense. */
        String needed() throws SettingsException {
            return value.orElseThrow(() -> new SettingsException(word + " needs a value"));
        }
    }

    /**
     * Splits arguments into flags. A value follows an equals sign or, for some names, is the next argument.
     *
     * @param takesNext whether a flag of that name takes the next argument as its value
     */
    static List<Flag> flags(List<String> arguments, Predicate<String> takesNext) {
        List<Flag> flags = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.indexOf('=');
            String next = i + 1 < arguments.size() ? arguments.get(i + 1) : "--";
            Flag alone = new Flag(argument, Optional.empty());
            if (equals >= 0) {
                flags.add(new Flag(argument.substring(0, equals), Optional.of(argument.substring(equals + 1))));
            } else if (!next.startsWith("--") && takesNext.test(alone.name())) {
                flags.add(new Flag(argument, Optional.of(next)));
                i++;
            } else {
                flags.add(alone);
            }
        }
        return flags;
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }

    /** Returns an option that is the name of a channel or client, normalized, unless it is empty. */
    Optional<String> name(String option) {
        return option(option).filter(name -> !name.isEmpty()).map(Names::normal);
    }
}
