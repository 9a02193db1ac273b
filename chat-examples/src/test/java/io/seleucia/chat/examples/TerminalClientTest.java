package io.seleucia.chat.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The terminal client as a process, with pipes. */
class TerminalClientTest {
    private static final long PATIENCE_SECONDS = 60;

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final List<Terminal> terminals = new ArrayList<>();
    private ChatServer server = start(0);
    private final int port = server.port();

    TerminalClientTest() throws IOException {}

    private ChatServer start(int port) throws IOException {
        return ChatServer.builder().port(port).broker(broker).start();
    }

    @AfterEach
    void end() {
        terminals.forEach(terminal -> terminal.process.destroyForcibly());
        server.close();
        broker.close();
    }

    private Terminal terminal(String... arguments) throws IOException {
        Terminal terminal = new Terminal(arguments);
        terminals.add(terminal);
        return terminal;
    }

    private Terminal person(String name, String... options) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("ws://localhost:" + port, "--name", name, "--channel", "lobby"));
        arguments.addAll(List.of(options));
        return terminal(arguments.toArray(String[]::new));
    }

    @Test
    void whatIsPipedInIsPublishedAndAcknowledged() throws Exception {
        Terminal ada = person("ada").says("hello").says("there").ends();

        assertThat(ada.status()).isZero();
        assertThat(broker.historyAfter("lobby", 0, 10).messages())
                .extracting(
                        message -> message.sender() + ": " + message.content().asText())
                .containsExactly("ada: hello", "ada: there");
        assertThat(ada.shows()).isEqualTo("[lobby] ada: hello");
    }

    @Test
    void whatFailsIsSaidInOneLineAndInTheStatus() throws Exception {
        Terminal ada = person("ada")
                .says("/msg nobody hi")
                .says("/leave")
                .says("hello")
                .ends();

        assertThat(ada.status()).isEqualTo(1);
        assertThat(ada.errors)
                .filteredOn(line -> line.startsWith("error: "))
                .singleElement()
                .isEqualTo("error: you are in no channel; /join one");
    }

    @Test
    void aMissingNameIsSaid() throws Exception {
        Terminal nobody = terminal("ws://localhost:" + port);

        assertThat(nobody.status()).isEqualTo(2);
        assertThat(nobody.complaints()).startsWith("TerminalClient ws://host:8600 --name ada");
    }

    @Test
    void aRestartOfTheServerCostsNothing() throws Exception {
        Terminal ada = person("ada").says("/who"); // which is answered once it is in the lobby
        assertThat(ada.shows()).isEqualTo("ada");
        Terminal bob = person("bob").says("one");
        assertThat(bob.shows()).isEqualTo("[lobby] bob: one");
        assertThat(ada.shows()).isEqualTo("[lobby] bob: one");
        server.close();
        assertThat(ada.complaints()).startsWith("connected to ");
        assertThat(ada.complaints()).startsWith("reconnecting: ");
        bob.says("two");
        server = start(port);

        assertThat(ada.shows()).isEqualTo("[lobby] bob: two");
        String line = ada.complaints();
        while (line.startsWith("reconnecting: ")) {
            line = ada.complaints();
        }
        assertThat(line).startsWith("connected to ");
        assertThat(ada.ends().status()).isZero();
        assertThat(bob.says("/quit").status()).isZero();
    }

    @Test
    void itsCommandsDoWhatTheySay() throws Exception {
        Terminal ada = person("ada").says("first");
        assertThat(ada.shows()).isEqualTo("[lobby] ada: first");
        assertThat(ada.says("/who").shows()).isEqualTo("ada");
        Terminal bob = person("bob").says("/msg ada psst, you");
        assertThat(ada.shows()).isEqualTo("bob (to you): psst, you");
        ada.says("/join den").says("here");
        assertThat(ada.shows()).isEqualTo("[den] ada: here");
        ada.says("/topic what is for lunch?");
        assertThat(ada.shows()).isEqualTo("[den] topic: what is for lunch?");
        assertThat(ada.says("/channels d").shows()).isEqualTo("den: 1 here, what is for lunch?");
        assertThat(ada.says("/topic").shows()).isEqualTo("[den] topic: what is for lunch?");
        assertThat(ada.says("/help").shows()).startsWith("/join X");
        assertThat(bob.ends().status()).isZero();
    }

    @Test
    void messagesAreAnsweredChangedAndDeletedByTheirNumbers() throws Exception {
        Terminal ada = person("ada", "--offsets").says("first").says("secnod");
        assertThat(ada.shows()).isEqualTo("#1 [lobby] ada: first");
        assertThat(ada.shows()).isEqualTo("#2 [lobby] ada: secnod");
        Terminal bob = person("bob").says("/history");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: first");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: secnod");

        ada.says("/edit second").says("/edit #1 1st");
        assertThat(bob.shows()).isEqualTo("[lobby] ada edited #2: second");
        assertThat(bob.shows()).isEqualTo("[lobby] ada edited #1: 1st");
        bob.says("/reply #2 and the third?")
                .says("/react #1 +1")
                .says("/react #2 +1")
                .says("/unreact #2 +1");
        assertThat(bob.shows()).isEqualTo("[lobby] bob (answering #2): and the third?");
        assertThat(bob.shows()).isEqualTo("[lobby] bob reacted to #1: +1");
        assertThat(bob.shows()).isEqualTo("[lobby] bob reacted to #2: +1");
        assertThat(bob.shows()).isEqualTo("[lobby] bob took back a reaction to #2: +1");
        bob.says("/history");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: 1st (edited) [+1 1]");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: second (edited) [1 reply]");
        assertThat(bob.shows()).isEqualTo("[lobby] bob (answering #2): and the third?");
        ada.says("/delete");
        assertThat(bob.shows()).isEqualTo("[lobby] ada deleted #2");
        bob.says("/delete");
        assertThat(bob.shows()).isEqualTo("[lobby] bob deleted #5");
        bob.says("/history 3");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: 1st (edited) [+1 1]");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: (deleted)");
        assertThat(bob.shows()).isEqualTo("[lobby] bob (answering #2): (deleted)");
        bob.says("/search 1ST");
        assertThat(bob.shows()).isEqualTo("[lobby] ada: 1st (edited) [+1 1]");
        bob.says("/edit #1 mine").ends();
        assertThat(bob.status()).isEqualTo(1);
        assertThat(bob.complaints()).startsWith("connected to ");
        assertThat(bob.complaints()).startsWith("error: forbidden: ");
    }

    @Test
    void directMessagesAreAnsweredChangedAndDeletedByTheirNumbers() throws Exception {
        Terminal ada = person("ada", "--offsets").says("/who");
        assertThat(ada.shows()).isEqualTo("ada");
        Terminal bob = person("bob", "--offsets").says("/msg ada helo");
        assertThat(ada.shows()).isEqualTo("#1 bob (to you): helo");
        assertThat(bob.shows()).isEqualTo("#1 bob (to ada): helo");
        bob.says("/edit @ada#1 hello");
        assertThat(ada.shows()).isEqualTo("[@ada] bob edited #1: hello");
        assertThat(bob.shows()).isEqualTo("[@bob] bob edited #1: hello");

        ada.says("/reply @bob#1 yes?").says("/react @bob#1 +1").says("/delete @bob#3");

        assertThat(bob.shows()).isEqualTo("#3 ada (to you, answering #1): yes?");
        assertThat(bob.shows()).isEqualTo("[@bob] ada reacted to #1: +1");
        assertThat(bob.shows()).isEqualTo("[@bob] ada deleted #3");
        assertThat(ada.shows()).isEqualTo("#3 ada (to bob, answering #1): yes?");
        assertThat(ada.shows()).isEqualTo("[@ada] ada reacted to #1: +1");
        assertThat(ada.shows()).isEqualTo("[@ada] ada deleted #3");
    }

    @Test
    void whatComesFromTheNetDoesNotSteerTheTerminal() throws Exception {
        person("ada").says("\033[2J\u202egone\u009b1m").ends().status();
        Terminal bob = person("bob").says("/history");

        assertThat(bob.shows()).isEqualTo("[lobby] ada: \\u001b[2J\\u202egone\\u009b1m");
        broker.join("lobby", "eve\033[2J\u202e\u009b1m"); // as another server may let in
        assertThat(bob.says("/who").shows()).isEqualTo("bob, eve\\u001b[2J\\u202e\\u009b1m");
    }

    /** A process, and what it has printed. */
    private static final class Terminal {
        private final Process process;
        private final LinkedBlockingQueue<String> output = new LinkedBlockingQueue<>();
        private final LinkedBlockingQueue<String> errors = new LinkedBlockingQueue<>();
        private final Thread readingOutput;
        private final Thread readingErrors;

        Terminal(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    TerminalClient.class.getName()));
            command.addAll(List.of(arguments));
            process = new ProcessBuilder(command).start();
            readingOutput = reading(process.getInputStream(), output);
            readingErrors = reading(process.getErrorStream(), errors);
        }

        private static Thread reading(InputStream from, LinkedBlockingQueue<String> lines) {
            return Thread.ofPlatform().daemon().start(() -> {
                try {
                    new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))
                            .lines()
                            .forEach(lines::add);
                } catch (UncheckedIOException e) {
                    // the test has ended, and the process with it
                }
            });
        }

        Terminal says(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return this;
        }

        Terminal ends() throws IOException {
            process.getOutputStream().close();
            return this;
        }

        String shows() throws InterruptedException {
            return next(output);
        }

        String complaints() throws InterruptedException {
            return next(errors);
        }

        private static String next(LinkedBlockingQueue<String> lines) throws InterruptedException {
            String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(line).as("a line within a minute").isNotNull();
            return line;
        }

        int status() throws InterruptedException {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            readingOutput.join();
            readingErrors.join();
            return process.exitValue();
        }
    }
}
