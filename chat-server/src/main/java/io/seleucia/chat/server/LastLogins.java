package io.seleucia.chat.server;

import io.seleucia.chat.message.Network;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The time and address of each account's last login, in a file beside the users file, which the server never writes. Logins
 * are kept in memory and written together a little later. Servers that share the file keep newer entries of each other.
 */
final class LastLogins {
    private static final Logger LOG = System.getLogger(LastLogins.class.getName());

    record LastLogin(Instant time, String address) {
        static LastLogin newest(LastLogin one, LastLogin other) {
            return one.time.isAfter(other.time) ? one : other;
        }
    }

    private final PrivateFile file;
    private final ConcurrentHashMap<String, LastLogin> unwritten = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, String> networks =
            new ConcurrentHashMap<>(); // of the last login, by account
    private boolean failing; // only for the writing thread

    LastLogins(Path usersFile) {
        this.file = new PrivateFile(usersFile.resolveSibling(usersFile.getFileName() + ".logins"));
    }

    /** Loads the networks of earlier logins. Logs a warning if the file can't be read. */
    void load() {
        try {
            all().forEach((name, login) -> networks.put(name, Network.textOf(login.address)));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "last logins can't be read: " + e.getMessage());
        }
    }

    /** Returns whether an account's last login came from the network of an address. Any thread; does not block. */
    boolean knows(String name, String address) {
        return Network.textOf(address).equals(networks.get(name));
    }

    /** Adds a login. Any thread; does not block. */
    void add(String name, String address) {
        unwritten.merge(name, new LastLogin(Instant.now(), address), LastLogin::newest);
        networks.put(name, Network.textOf(address));
    }

    /** Writes new logins, if there are any, and removes those of former accounts. One thread at a time. */
    void write(Predicate<String> isAccount) {
        Map<String, LastLogin> added = Map.copyOf(unwritten);
        if (added.isEmpty()) {
            return;
        }
        try {
            file.change(lines -> {
                Map<String, LastLogin> all = parse(lines);
                added.forEach((name, login) -> all.merge(name, login, LastLogin::newest));
                all.keySet().removeIf(isAccount.negate());
                return format(all);
            });
            added.forEach(unwritten::remove);
            networks.keySet().removeIf(isAccount.negate());
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.log(Level.WARNING, "last logins can't be written, and are tried again: " + e.getMessage());
            }
            failing = true;
        }
    }

    void remove(String name) throws IOException {
        if (file.read().isPresent()) {
            file.change(lines -> {
                Map<String, LastLogin> all = parse(lines);
                all.remove(name);
                return format(all);
            });
        }
    }

    Map<String, LastLogin> all() throws IOException {
        return parse(file.read().orElse(List.of()));
    }

    private static Map<String, LastLogin> parse(List<String> lines) {
        Map<String, LastLogin> all = new TreeMap<>();
        for (String line : lines) {
            String[] fields = line.split("\t", -1);
            if (fields.length == 3) {
                time(fields[1]).ifPresent(time -> all.put(fields[0], new LastLogin(time, fields[2])));
            }
        }
        return all;
    }

    /** Returns empty if the text is malformed: the line is dropped. */
    private static Optional<Instant> time(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private static List<String> format(Map<String, LastLogin> all) {
        List<String> lines = new ArrayList<>();
        all.forEach((name, login) -> lines.add(String.join("\t", name, login.time.toString(), login.address)));
        return lines;
    }
}
