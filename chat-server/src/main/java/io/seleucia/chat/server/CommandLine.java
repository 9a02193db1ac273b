package io.seleucia.chat.server;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The arguments of a command: options of its own, and settings.
 *
 * @param options those that were given, without their dashes
 * @param settings all other arguments
 */
record CommandLine(Map<String, String> options, List<String> settings) {
    /**
     * Tells them apart.
     *
     * @param names of the command's own options, each of which takes a value: {@code --name=value} or {@code --name value}
     */
    static CommandLine of(List<String> arguments, Set<String> names) throws SettingsException {
        Map<String, String> options = new HashMap<>();
        List<String> settings = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            int equals = argument.indexOf('=');
            String flag = equals < 0 ? argument : argument.substring(0, equals);
            if (!flag.startsWith("--") || !names.contains(flag.substring(2))) {
                settings.add(argument);
            } else if (equals >= 0) {
                options.put(flag.substring(2), argument.substring(equals + 1));
            } else if (i + 1 < arguments.size() && !arguments.get(i + 1).startsWith("--")) {
                options.put(flag.substring(2), arguments.get(++i));
            } else {
                throw new SettingsException(flag + " needs a value");
            }
        }
        return new CommandLine(options, settings);
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }
}
