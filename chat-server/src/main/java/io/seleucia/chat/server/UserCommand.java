package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Printable;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.text.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The command {@code user}: changes the users file, which a running server may read. */
final class UserCommand {
    private static final String USAGE = "user add|passwd|remove NAME --users-file=FILE, or user list --users-file=FILE";
    private static final String HEADER =
            "# Accounts. Change them with the command user. Keep this file private: it contains password hashes.";
    private static final int MAX_LINE_BYTES = 8 * 1024;

    private final Path file;
    private final PrivateFile users;
    private final NewPasswords passwords;
    private final ReservedNames reserved;
    private final PrintStream out;

    private UserCommand(Path file, NewPasswords passwords, ReservedNames reserved, PrintStream out) {
        this.file = file;
        this.reserved = reserved;
        this.passwords = passwords;
        this.users = new PrivateFile(file);
        this.out = out;
    }

    /**
     * Runs the command.
     *
     * @param arguments after the word {@code user}
     * @throws IOException if it failed; the message says why
     */
    static void run(List<String> arguments, Map<String, String> environment, PrintStream out)
            throws SettingsException, IOException {
        if (arguments.contains("--help")) {
            out.println("Usage: java -jar chat-server.jar " + USAGE);
            out.println("A password is the first line of standard input, or is asked for at a terminal.");
            return;
        }
        List<String> words =
                arguments.stream().takeWhile(word -> !word.startsWith("--")).toList();
        Settings settings = Settings.read(arguments.subList(words.size(), arguments.size()), environment);
        boolean list = words.equals(List.of("list"));
        if (!list && words.size() != 2) {
            throw new SettingsException("the command must be: " + USAGE);
        }
        if (!settings.isGiven(Setting.USERS_FILE)) {
            throw new SettingsException("the command user needs users-file");
        }
        UserCommand command = new UserCommand(
                settings.file(Setting.USERS_FILE),
                new NewPasswords(settings.number(Setting.MIN_PASSWORD_LENGTH)),
                settings.reservedNames(),
                out);
        switch (words.getFirst()) {
            case "list" -> command.list();
            case "add" -> command.add(name(words.getLast()));
            case "passwd" -> command.passwd(name(words.getLast()));
            case "remove" -> command.remove(name(words.getLast()));
            default -> throw new SettingsException("the command must be: " + USAGE);
        }
    }

    private static String name(String name) throws SettingsException {
        Optional<String> flaw = Names.flawOfClient(name)
                .or(() -> name.startsWith("#") // begins a comment in the users file
                        ? Optional.of("the name of an account must not begin with #")
                        : Optional.empty());
        if (flaw.isPresent()) {
            throw new SettingsException("'" + Printable.line(name) + "' can't be a user: " + flaw.get());
        }
        return Names.normal(name);
    }

    private void add(String name) throws IOException {
        if (reserved.include(name)) {
            throw new IOException(name + " is reserved, or looks like a name that is: take another");
        }
        if (users.read().isPresent()) {
            requireNone(accounts(users.lines()), name); // before asking for a password
        }
        Account account = Account.of(name, password());
        change(accounts -> {
            requireNone(accounts, name);
            accounts.put(name, account);
        });
        out.println("added " + Printable.line(name));
    }

    private void requireNone(Map<String, Account> accounts, String name) throws IOException {
        if (accounts.containsKey(name)) {
            throw new IOException("there is a user " + name + " in " + file + " already");
        }
        String skeleton = Names.skeleton(name);
        Optional<String> like = accounts.keySet().stream()
                .filter(other -> Names.skeleton(other).equals(skeleton))
                .findFirst();
        if (like.isPresent()) {
            throw new IOException(name + " looks like the user " + like.get() + " in " + file + ": take another name");
        }
    }

    private void passwd(String name) throws IOException {
        requireOne(accounts(users.lines()), name);
        Account account = Account.of(name, password());
        change(accounts -> {
            requireOne(accounts, name);
            accounts.put(name, account);
        });
        out.println("changed the password of " + Printable.line(name));
    }

    private void remove(String name) throws IOException {
        requireOne(accounts(users.lines()), name);
        change(accounts -> {
            requireOne(accounts, name);
            accounts.remove(name);
        });
        new LastLogins(file).remove(name);
        out.println("removed " + Printable.line(name));
    }

    private interface Change {
        void apply(Map<String, Account> accounts) throws IOException;
    }

    private void change(Change change) throws IOException {
        users.change(lines -> {
            Map<String, Account> accounts = accounts(lines);
            change.apply(accounts);
            return Stream.concat(Stream.of(HEADER), accounts.values().stream().map(Account::line))
                    .toList();
        });
    }

    private void requireOne(Map<String, Account> accounts, String name) throws IOException {
        if (!accounts.containsKey(name)) {
            throw new IOException("there is no user " + name + " in " + file);
        }
    }

    private void list() throws IOException {
        Map<String, LastLogins.LastLogin> logins = new LastLogins(file).all();
        for (String name : accounts(users.lines()).keySet().stream().sorted().toList()) {
            LastLogins.LastLogin last = logins.get(name);
            out.println(Printable.line(name) + "\t" + (last == null ? "never" : last.time() + "\t" + last.address()));
        }
    }

    private Map<String, Account> accounts(List<String> lines) throws IOException {
        try {
            return new LinkedHashMap<>(Account.parse(lines));
        } catch (IOException e) {
            throw new IOException(file + ", " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("SystemConsoleNull") // it is null up to Java 21
    private String password() throws IOException {
        Console console = System.console();
        String password = console != null && isTerminal(console) ? prompt(console) : line(System.in);
        Optional<String> flaw = passwords.flaw(password);
        if (flaw.isPresent()) {
            throw new IOException(flaw.get());
        }
        return password;
    }

    /** Since Java 22 a console need not be a terminal, and has a method that tells. */
    private static boolean isTerminal(Console console) {
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Console.isTerminal failed", e);
        }
    }

    private static String prompt(Console console) throws IOException {
        char[] first = console.readPassword("password: ");
        char[] again = first == null ? null : console.readPassword("once more: ");
        if (again == null || !new String(first).equals(new String(again))) {
            throw new IOException("the two are not the same: nothing was changed");
        }
        return new String(first);
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            if (line.size() == MAX_LINE_BYTES) {
                throw new IOException("the first line of the input is too long for a password");
            }
            line.write(b);
        }
        try {
            String text = Utf8.decode(line.toByteArray());
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        } catch (CharacterCodingException e) {
            throw new IOException("the first line of the input is not UTF-8", e);
        }
    }
}
