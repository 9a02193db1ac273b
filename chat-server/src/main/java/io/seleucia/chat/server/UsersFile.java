package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Changes of the users file, by the command {@code user} and by the operators of a server that reads it. Each replaces the
 * file in one step, under a lock among all processes. All methods block for files; {@link #add} and {@link #setPassword} compute
 * for some tenths of a second.
 */
final class UsersFile {
    private static final String HEADER =
            "# Accounts. Change them with the command user. Keep this file private: it contains password hashes.";

    private final Path file;
    private final PrivateFile users;
    private final NewPasswords passwords;
    private final ReservedNames reserved;

    /** A change that is refused. The message says why, for the person who asked for it. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        private Refused(String why) {
            super(why);
        }
    }

    private interface Change {
        void apply(Map<String, Account> accounts) throws IOException;
    }

    UsersFile(Path file, NewPasswords passwords, ReservedNames reserved) {
        this.file = file;
        this.users = new PrivateFile(file);
        this.passwords = passwords;
        this.reserved = reserved;
    }

    /** Returns why a name can't be that of an account, as a sentence, or empty if it can. */
    static Optional<String> flawOfName(String name) {
        return Names.flawOfClient(name)
                .or(() -> name.startsWith("#") // begins a comment in the users file
                        ? Optional.of("the name of an account must not begin with #")
                        : Optional.empty());
    }

    /** Returns the accounts, in the order of the file. */
    Map<String, Account> accounts() throws IOException {
        return accounts(users.lines());
    }

    /** Returns the last login of each account that has logged in. */
    Map<String, LastLogins.LastLogin> lastLogins() throws IOException {
        return new LastLogins(file).all();
    }

    /** Refuses a name that can't be added, before a person types a password for it. */
    void requireFree(String name) throws IOException {
        if (reserved.include(name)) {
            throw new Refused(name + " is reserved, or looks like a name that is: take another");
        }
        if (users.read().isPresent()) {
            requireNone(accounts(), name);
        }
    }

    /** Adds an account. Creates the file if it does not exist. */
    void add(String name, String password) throws IOException {
        requireFree(name);
        Account account = account(name, password);
        change(accounts -> {
            requireNone(accounts, name);
            accounts.put(name, account);
        });
    }

    /** Changes the password of an account, which stays disabled if it is. */
    void setPassword(String name, String password) throws IOException {
        requireOne(name);
        Account account = account(name, password);
        replace(name, old -> account.withDisabled(old.disabled()));
    }

    /** Disables or enables an account. */
    void setDisabled(String name, boolean disabled) throws IOException {
        replace(name, old -> old.withDisabled(disabled));
    }

    /** Removes an account. */
    void remove(String name) throws IOException {
        requireOne(name);
        change(accounts -> {
            if (accounts.remove(name) == null) {
                throw none(name);
            }
        });
        new LastLogins(file).remove(name);
    }

    /** Refuses a name without an account. */
    void requireOne(String name) throws IOException {
        if (!accounts().containsKey(name)) {
            throw none(name);
        }
    }

    private Account account(String name, String password) throws Refused {
        Optional<String> flaw = passwords.flaw(password);
        if (flaw.isPresent()) {
            throw new Refused(flaw.get());
        }
        return Account.of(name, password);
    }

    private void replace(String name, UnaryOperator<Account> by) throws IOException {
        requireOne(name); // or a file would be created
        change(accounts -> {
            if (accounts.computeIfPresent(name, (key, old) -> by.apply(old)) == null) {
                throw none(name);
            }
        });
    }

    private Refused none(String name) {
        return new Refused("there is no user " + Printable.line(name) + " in " + file);
    }

    private void requireNone(Map<String, Account> accounts, String name) throws Refused {
        if (accounts.containsKey(name)) {
            throw new Refused("there is a user " + name + " in " + file + " already");
        }
        String skeleton = Names.skeleton(name);
        Optional<String> like = accounts.keySet().stream()
                .filter(other -> Names.skeleton(other).equals(skeleton))
                .findFirst();
        if (like.isPresent()) {
            throw new Refused(name + " looks like the user " + like.get() + " in " + file + ": take another name");
        }
    }

    private void change(Change change) throws IOException {
        users.change(lines -> {
            Map<String, Account> accounts = accounts(lines);
            change.apply(accounts);
            return Stream.concat(Stream.of(HEADER), accounts.values().stream().map(Account::line))
                    .toList();
        });
    }

    private Map<String, Account> accounts(List<String> lines) throws IOException {
        try {
            return new LinkedHashMap<>(Account.parse(lines));
        } catch (IOException e) {
            throw new IOException(file + ", " + e.getMessage(), e);
        }
    }
}
