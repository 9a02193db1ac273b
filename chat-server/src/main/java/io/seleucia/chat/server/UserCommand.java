package io.seleucia.chat.server;

import io.seleucia.chat.message.Names;
import java.io.ByteArrayOutputStream;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The command {@code user}, by which an operator changes the users file, whether or not a server reads it. */
final class UserCommand {
    private static final String USAGE = "user add|passwd|remove NAME --users-file=FILE, or user list --users-file=FILE";
    private static final String HEADER = "# Accounts. Change them with the command user: this file is half a secret.";
    private static final int MAX_LINE_BYTES = 8 * 1024;

    private final Path file;
    private final OwnerFile users;
    private final NewPasswords passwords;
    private final PrintStream out;

    private UserCommand(Path file, NewPasswords passwords, PrintStream out) {
        this.file = file;
        this.passwords = passwords;
        this.users = new OwnerFile(file);
        this.out = out;
    }

    /**
     * Does what the arguments say, behind the word {@code user}.
     *
     * @throws SettingsException if they say nothing that can be done
     * @throws IOException if it could not be done; the message says why
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
                settings.file(Setting.USERS_FILE), new NewPasswords(settings.number(Setting.MIN_PASSWORD_LENGTH)), out);
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
                .or(() -> name.startsWith("#") // what the users file would take for a comment
                        ? Optional.of("the name of an account must not begin with #")
                        : Optional.empty());
        if (flaw.isPresent()) {
            throw new SettingsException("'" + name + "' can't be a user: " + flaw.get());
        }
        return name;
    }

    private void add(String name) throws IOException {
        if (users.read().isPresent()) {
            requireNone(accounts(users.lines()), name); // before asking for a password
        }
        Account account = Account.of(name, password());
        users.change(lines -> {
            Map<String, Account> accounts = accounts(lines);
            requireNone(accounts, name);
            accounts.put(name, account);
            return format(accounts);
        });
        out.println("added " + name);
    }

    private void requireNone(Map<String, Account> accounts, String name) throws IOException {
        if (accounts.containsKey(name)) {
            throw new IOException("there is a user " + name + " in " + file + " already");
        }
    }

    private void passwd(String name) throws IOException {
        requireOne(accounts(users.lines()), name);
        Account account = Account.of(name, password());
        users.change(lines -> {
            Map<String, Account> accounts = accounts(lines);
            requireOne(accounts, name);
            accounts.put(name, account);
            return format(accounts);
        });
        out.println("changed the password of " + name);
    }

    private void remove(String name) throws IOException {
        requireOne(accounts(users.lines()), name);
        users.change(lines -> {
            Map<String, Account> accounts = accounts(lines);
            requireOne(accounts, name);
            accounts.remove(name);
            return format(accounts);
        });
        new LastLogins(file).forget(name);
        out.println("removed " + name);
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
            out.println(name + "\t" + (last == null ? "never" : last.time() + "\t" + last.address()));
        }
    }

    private Map<String, Account> accounts(List<String> lines) throws IOException {
        try {
            return new LinkedHashMap<>(Account.parse(lines));
        } catch (IOException e) {
            throw new IOException(file + ", " + e.getMessage(), e);
        }
    }

    private static List<String> format(Map<String, Account> accounts) {
        List<String> lines = new ArrayList<>();
        lines.add(HEADER);
        accounts.values().forEach(account -> lines.add(account.line()));
        return lines;
    }

    private String password() throws IOException {
        Console console = System.console();
        String password = console != null && isTerminal(console) ? prompt(console) : line(System.in);
        Optional<String> flaw = passwords.flaw(password);
        if (flaw.isPresent()) {
            throw new IOException(flaw.get());
        }
        return password;
    }

    /** From Java 22 on there may be a console where nobody sits, which says so by a method that is as new. */
    private static boolean isTerminal(Console console) {
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a console can say whether it is a terminal", e);
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
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line.toByteArray()))
                    .toString();
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        } catch (CharacterCodingException e) {
            throw new IOException("the first line of the input is not UTF-8", e);
        }
    }
}
