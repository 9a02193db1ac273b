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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The command {@code user}: changes the users file, which a running server may read. */
final class UserCommand {
    private static final String USAGE =
            "user add|passwd|disable|enable|remove NAME --users-file=FILE, or user list --users-file=FILE";
    private static final int MAX_LINE_BYTES = 8 * 1024;

    private final UsersFile users;
    private final NewPasswords passwords;
    private final PrintStream out;

    private UserCommand(Path file, NewPasswords passwords, ReservedNames reserved, PrintStream out) {
        this.passwords = passwords;
        this.users = new UsersFile(file, passwords, reserved);
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
            case "disable" -> command.setDisabled(name(words.getLast()), true);
            case "enable" -> command.setDisabled(name(words.getLast()), false);
            case "remove" -> command.remove(name(words.getLast()));
            default -> throw new SettingsException("the command must be: " + USAGE);
        }
    }

    private static String name(String name) throws SettingsException {
        Optional<String> flaw = UsersFile.flawOfName(name);
        if (flaw.isPresent()) {
            throw new SettingsException("'" + Printable.line(name) + "' can't be a user: " + flaw.get());
        }
        return Names.normal(name);
    }

    private void add(String name) throws IOException {
        users.requireFree(name); // before asking for a password
        users.add(name, password());
        out.println("added " + Printable.line(name));
    }

    private void passwd(String name) throws IOException {
        users.requireOne(name);
        users.setPassword(name, password());
        out.println("changed the password of " + Printable.line(name));
    }

    private void setDisabled(String name, boolean disabled) throws IOException {
        users.setDisabled(name, disabled);
        out.println((disabled ? "disabled " : "enabled ") + Printable.line(name));
    }

    private void remove(String name) throws IOException {
        users.remove(name);
        out.println("removed " + Printable.line(name));
    }

    private void list() throws IOException {
        Map<String, LastLogins.LastLogin> logins = users.lastLogins();
        for (Account account : new TreeMap<>(users.accounts()).values()) {
            LastLogins.LastLogin last = logins.get(account.name());
            out.println(Printable.line(account.name())
                    + "\t" + (last == null ? "never" : last.time() + "\t" + last.address())
                    + (account.disabled() ? "\tdisabled" : ""));
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
