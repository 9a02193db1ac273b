package io.seleucia.chat.server;

import io.seleucia.chat.transport.Network;
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
 * When and from where each account was last logged in, in a file beside the users file, so that the server never writes
 * that one. A login is noted in memory and written a little later, with those of others; servers that share the file
 * keep what they find there if it is newer.
 */
final class LastLogins {
    private static final Logger LOG = System.getLogger(LastLogins.class.getName());

    /** One account's. */
    record LastLogin(Instant time, String address) {
        static LastLogin newest(LastLogin one, LastLogin other) {
            return one.time.isAfter(other.time) ? one : other;
        }
    }

    private final OwnerFile file;
    private final ConcurrentHashMap<String, LastLogin> unwritten = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, String> networks = new ConcurrentHashMap<>(); // by account, the last one
    private boolean failing; // of the one thread that writes

    LastLogins(Path usersFile) {
        this.file = new OwnerFile(usersFile.resolveSibling(usersFile.getFileName() + ".logins"));
    }

    /** Reads from where accounts have logged in before. A file that can't be read is as good as none. */
    void recall() {
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

    /** Notes one. Any thread; does not block. */
    void note(String name, String address) {
        unwritten.merge(name, new LastLogin(Instant.now(), address), LastLogin::newest);
        networks.put(name, Network.textOf(address));
    }

    /** Writes what was noted, if anything was. One thread at a time. */
    void write(Predicate<String> isAccount) {
        Map<String, LastLogin> noted = Map.copyOf(unwritten);
        if (noted.isEmpty()) {
            return;
        }
        try {
            file.change(lines -> {
                Map<String, LastLogin> all = parse(lines);
                noted.forEach((name, login) -> all.merge(name, login, LastLogin::newest));
                all.keySet().removeIf(isAccount.negate());
                return format(all);
            });
            noted.forEach(unwritten::remove);
            networks.keySet().removeIf(isAccount.negate());
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.log(Level.WARNING, "last logins can't be written, and are tried again: " + e.getMessage());
            }
            failing = true;
        }
    }

    /** Forgets an account that is gone. */
    void forget(String name) throws IOException {
        if (file.read().isPresent()) {
            file.change(lines -> {
                Map<String, LastLogin> all = parse(lines);
                all.remove(name);
                return format(all);
            });
        }
    }

    /** All that are written, by account. */
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

    /** A line that is malformed is worth no more than to be forgotten. */
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
