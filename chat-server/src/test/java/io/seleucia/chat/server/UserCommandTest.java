package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as an operator uses it: processes, with a password on their standard input. */
@Concurrent
class UserCommandTest {
    private static final long PATIENCE_SECONDS = 120;

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("users");
    }

    private Process begin(String input, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "user"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        }
        return process;
    }

    /** What it prints, and its exit status. */
    private static String end(Process process) throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return output.strip() + " | " + process.exitValue();
    }

    private String user(String input, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--users-file=" + file);
        return end(begin(input, all.toArray(String[]::new)));
    }

    private Account account(String name) throws IOException {
        return Account.parse(new PrivateFile(file).lines()).get(name);
    }

    @Test
    void keepsAccounts() throws Exception {
        assertThat(user("s\u00f6 cret!\nnot this line\n", "add", "ada")).isEqualTo("added ada | 0");
        assertThat(account("ada").isPassword("s\u00f6 cret!")).isTrue();
        assertThat(account("ada").iterations()).isEqualTo(600_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");

        assertThat(user("another one\n", "passwd", "ada")).isEqualTo("changed the password of ada | 0");
        assertThat(account("ada").isPassword("another one")).isTrue();
        assertThat(user("", "list")).isEqualTo("ada\tnever | 0");
        assertThat(user("", "remove", "ada")).isEqualTo("removed ada | 0");
        assertThat(user("", "list")).isEqualTo(" | 0");
    }

    @Test
    void saysInOneLineWhatCanNotBeDone() throws Exception {
        assertThat(user("", "list")).isEqualTo("chat-server: " + file + " does not exist | 1");
        assertThat(user("x\n", "passwd", "ada")).endsWith("does not exist | 1");
        assertThat(user("\n", "add", "ada")).isEqualTo("chat-server: a password must have 1 to 1024 bytes | 1");
        assertThat(user("x".repeat(1025) + "\n", "add", "ada")).endsWith("1 to 1024 bytes | 1");
        assertThat(user("", "add", "ada")).endsWith("1 to 1024 bytes | 1");
        assertThat(file).doesNotExist();
        assertThat(user("x y z x y z", "add", "ada")).isEqualTo("added ada | 0");
        assertThat(user("y", "add", "ada")).isEqualTo("chat-server: there is a user ada in " + file + " already | 1");
        assertThat(user("", "remove", "bob")).isEqualTo("chat-server: there is no user bob in " + file + " | 1");
        assertThat(user("", "add", "a\tb")).endsWith("a client id must not have control characters | 2");
        assertThat(user("", "add", "a\u200bb"))
                .contains("'a\\u200bb' can't be a user")
                .endsWith("show nothing | 2");
        assertThat(user("", "add", " ada")).endsWith("must not begin or end with white space | 2");
        assertThat(user("x", "add", "#bob")).endsWith("the name of an account must not begin with # | 2");
        assertThat(user("", "frob", "ada"))
                .contains("the command must be: user add|passwd|disable|enable|remove NAME")
                .endsWith("| 2");
        assertThat(end(begin("", "list"))).isEqualTo("chat-server: the command user needs users-file | 2");
        assertThat(account("ada").isPassword("x y z x y z")).isTrue();
    }

    @Test
    void refusesPasswordsThatAreEasilyGuessed() throws Exception {
        assertThat(user("s\u00f6cret7", "add", "ada"))
                .isEqualTo("chat-server: the password is too short: it must have 8 characters or more | 1");
        assertThat(user("PassWord123", "add", "ada"))
                .isEqualTo("chat-server: the password is one of the most common ones: choose another one | 1");
        assertThat(file).doesNotExist();
        assertThat(user("s\u00f6cret7", "add", "ada", "--min-password-length=7"))
                .isEqualTo("added ada | 0");
    }

    @Test
    void addsNoAccountThatLooksLikeAnother() throws Exception {
        assertThat(user("x y z x y z", "add", "ada")).isEqualTo("added ada | 0");
        assertThat(user("x y z x y z", "add", "\u0430da"))
                .isEqualTo("chat-server: \u0430da looks like the user ada in " + file + ": take another name | 1");
        assertThat(user("x y z x y z", "add", "ADA")).endsWith("take another name | 1");
        assertThat(user("x y z x y z", "add", "0perator"))
                .isEqualTo("chat-server: 0perator is reserved, or looks like a name that is: take another | 1");
        assertThat(user("x y z x y z", "add", "r00t", "--reserved-names=admin,root"))
                .endsWith("take another | 1");
        assertThat(Account.parse(new PrivateFile(file).lines())).containsOnlyKeys("ada");
    }

    @Test
    void losesNothingWhenManyAreAtIt() throws Exception {
        List<Process> adding = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            adding.add(begin("x y z x y z\n", "add", "user " + i, "--users-file=" + file));
        }
        for (Process process : adding) {
            assertThat(end(process)).startsWith("added user ").endsWith("| 0");
        }

        assertThat(Account.parse(new PrivateFile(file).lines())).hasSize(6);
    }

    @Test
    void disablesAndEnables() throws Exception {
        assertThat(user("a good password\n", "add", "ada")).isEqualTo("added ada | 0");
        assertThat(user("", "disable", "ada")).isEqualTo("disabled ada | 0");
        assertThat(user("", "list")).isEqualTo("ada\tnever\tdisabled | 0");
        assertThat(user("another password\n", "passwd", "ada")).isEqualTo("changed the password of ada | 0");
        assertThat(user("", "list")).as("still").isEqualTo("ada\tnever\tdisabled | 0");
        assertThat(user("", "enable", "ada")).isEqualTo("enabled ada | 0");
        assertThat(user("", "list")).isEqualTo("ada\tnever | 0");
        String mark = account("ada").mark();
        assertThat(user("", "disable", "ada")).isEqualTo("disabled ada | 0");
        assertThat(user("", "disable", "ada")).isEqualTo("disabled ada | 0");
        assertThat(user("", "enable", "ada")).isEqualTo("enabled ada | 0");
        assertThat(account("ada").mark())
                .as("what earlier logins are bound to")
                .isNotEqualTo(mark)
                .isEqualTo(account("ada").salt() + "#2");
        assertThat(user("", "disable", "bob")).endsWith("there is no user bob in " + file + " | 1");
    }
}
