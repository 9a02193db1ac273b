package io.seleucia.chat.examples;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Printable;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A chat client for the terminal: publishes typed lines and shows messages. In a pipe it shows plain lines, publishes every
 * line of its input, and ends with status 0 when all are acknowledged, or else with 1 and a line that says why.
 *
 * <p>{@code TerminalClient ws://host:8600 --name ada [--channel lobby] [--password secret]}
 */
public final class TerminalClient implements ChatListener {
    private static final String USAGE =
            "TerminalClient ws://host:8600 --name ada [--channel lobby] [--password secret]";
    private static final String HELP = """
            /join X      go to channel X
            /leave       leave the channel
            /msg bob hi  send "hi" to bob alone
            /who         list the clients in the channel
            /history 20  show the last messages
            /quit        end""";
    private static final int PAGE = 20;
    private static final int LONGEST_ANSWER_SECONDS = 65; // a publish gives up after a minute
    private static final int DIM = 2;
    private static final int BOLD = 1;

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    private final boolean colours = isTerminal();
    private final AtomicReference<Throwable> failure = new AtomicReference<>(); // the first one
    private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
    private String channel;

    private TerminalClient(String channel) {
        this.channel = channel;
    }

    /** Runs until its input ends, or until {@code /quit}. */
    public static void main(String[] args) throws IOException {
        String server = "";
        String name = "";
        String channel = "lobby";
        String password = "";
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--name" -> name = args[++i];
                    case "--channel" -> channel = args[++i];
                    case "--password" -> password = args[++i];
                    default -> server = args[i];
                }
            }
            ChatClient.Builder builder = ChatClient.builder(URI.create(server)).name(name);
            if (!password.isEmpty()) {
                builder.password(password);
            }
            System.exit(new TerminalClient(channel).run(builder) ? 0 : 1);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            System.err.println(USAGE + ": " + Printable.line(String.valueOf(e.getMessage())));
            System.exit(2);
        }
    }

    private boolean run(ChatClient.Builder builder) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (ChatClient client = builder.listener(this).start()) {
            expect(client.subscribe(channel));
            for (String line = in.readLine(); line != null && !line.equals("/quit"); line = in.readLine()) {
                try {
                    run(client, line);
                } catch (IllegalArgumentException e) {
                    fail(e);
                }
            }
            awaitAnswers(LONGEST_ANSWER_SECONDS);
        }
        awaitAnswers(LONGEST_ANSWER_SECONDS); // closing the client has failed open requests
        return failure.get() == null;
    }

    /** Blocks until all requests are answered. Only subscriptions have no deadline of their own. */
    private void awaitAnswers(int seconds) {
        last.exceptionally(told -> null)
                .thenAccept(done -> {})
                .completeOnTimeout(null, seconds, TimeUnit.SECONDS)
                .join();
    }

    /** Returns the current channel. */
    private String here() {
        if (channel.isEmpty()) {
            throw new IllegalArgumentException("you are in no channel; /join one");
        }
        return channel;
    }

    private void run(ChatClient client, String line) {
        String[] words = line.strip().split("\\s+", 3);
        switch (words[0]) {
            case "" -> {}
            case "/help" -> out.println(HELP);
            case "/join" -> {
                String next = words.length > 1 ? words[1] : "";
                CompletableFuture<?> joined = client.subscribe(next);
                if (!channel.isEmpty()) {
                    expect(client.unsubscribe(channel));
                }
                channel = next;
                expect(joined);
            }
            case "/leave" -> {
                expect(client.unsubscribe(here()));
                channel = "";
            }
            case "/msg" -> {
                if (words.length < 3) {
                    throw new IllegalArgumentException("/msg needs a name and a text");
                }
                expect(client.direct(words[1], words[2]));
            }
            case "/who" ->
                expect(client.presence(here())
                        .thenAccept(clients -> show(Printable.line(String.join(", ", clients.keySet())))));
            case "/history" -> {
                int limit = words.length > 1 ? Integer.parseInt(words[1]) : PAGE;
                expect(client.history(here(), limit)
                        .thenAccept(page -> page.messages().forEach(this::message)));
            }
            default -> {
                if (line.startsWith("/")) {
                    throw new IllegalArgumentException(words[0] + " is not a command; see /help");
                }
                expect(client.publish(here(), line));
            }
        }
    }

    /** Reports a failure of a request. The end waits for all requests. */
    private void expect(CompletableFuture<?> asked) {
        CompletableFuture<?> told = asked.whenComplete((answer, failed) -> {
            if (failed != null) {
                fail(failed instanceof CompletionException ? failed.getCause() : failed);
            }
        });
        last = CompletableFuture.allOf(last, told);
    }

    private void fail(Throwable reason) {
        if (failure.compareAndSet(null, reason) || colours) { // in a pipe one line is enough
            err.println("error: " + Printable.line(String.valueOf(reason.getMessage())));
        }
    }

    @Override
    public void message(Message message) {
        show(styled(DIM, "[" + message.channel() + "] ") + styled(BOLD, message.sender()) + ": "
                + Printable.line(message.content().asText()));
    }

    @Override
    public void direct(Message message) {
        show(styled(BOLD, message.sender()) + styled(DIM, " (to you)") + ": "
                + Printable.line(message.content().asText()));
    }

    @Override
    public void lost(Loss loss) {
        err.println("messages in " + Printable.line(loss.channel()) + " were lost");
    }

    @Override
    public void connected(URI server) {
        err.println("connected to " + Printable.line(server.toString()));
    }

    @Override
    public void disconnected(String reason, Duration retry) {
        err.println("reconnecting: " + Printable.line(reason));
    }

    @Override
    public void removed(String left, ChatException reason) {
        fail(reason);
    }

    @Override
    public void ended(ChatException reason) {
        fail(reason);
        System.exit(1);
    }

    private void show(String line) {
        out.println(line);
    }

    private String styled(int style, String text) {
        return colours ? "\033[" + style + "m" + Printable.line(text) + "\033[0m" : Printable.line(text);
    }

    /** Up to JDK 21 a console is a terminal; later JDKs have a method that tells. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        try {
            return console != null
                    && (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
