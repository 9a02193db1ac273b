package io.seleucia.chat.examples;

import com.google.gson.JsonObject;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.HistoryRange;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Printable;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A chat client for the terminal: publishes typed lines and shows messages. In a pipe it shows plain lines, publishes every
 * line of its input, and ends with status 0 when all are acknowledged, or else with 1 and a line that says why.
 *
 * <p>{@code TerminalClient ws://host:8600 --name ada [--channel lobby] [--password secret] [--offsets]}
 */
public final class TerminalClient implements ChatListener {
    private static final String USAGE =
            "TerminalClient ws://host:8600 --name ada [--channel lobby] [--password secret] [--offsets]";
    private static final String HELP = """
            /join X          go to channel X
            /leave           leave the channel
            /msg bob hi      send "hi" to bob alone
            /reply #12 hi    answer message #12; without #12, the last message
            /react #12 +1    react to message #12; without #12, to the last message
            /unreact #12 +1  take a reaction back
            /edit #12 hello  change your message #12; without #12, your last one
            /delete #12      delete your message #12; without #12, your last one
            /who             list the clients in the channel
            /history 20      show the last messages, as they are now
            /search lunch    show the newest messages with that text, as they are now
            /channels team-  list the channels that begin so; without a text, all
            /topic lunch     set the channel's topic; without a text, show it
            /quit            end
            @bob#3 instead of #12 is message #3 of those from and to bob""";
    private static final Pattern TARGET = Pattern.compile("(?:@([^#\\s]+))?#(\\d{1,15})");
    private static final int PAGE = 20;
    private static final int MOST_CHANNELS = 100;
    private static final int LONGEST_ANSWER_SECONDS = 65; // a publish gives up after a minute

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    private final boolean colours = isTerminal();
    private final TerminalLines lines;
    private final Map<String, Long> lastShown = new ConcurrentHashMap<>(); // offsets, by channel
    private final Map<String, Long> lastOwn = new ConcurrentHashMap<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>(); // the first one
    private final String name;
    private CompletableFuture<?> last = CompletableFuture.completedFuture(null);
    private String channel;

    /** @param offsets whether to show the offsets of messages in a pipe, too */
    private TerminalClient(String name, String channel, boolean offsets) {
        this.name = Names.normal(name);
        this.channel = channel;
        this.lines = new TerminalLines(colours, offsets || colours);
    }

    /** Runs until its input ends, or until {@code /quit}. */
    public static void main(String[] args) throws IOException {
        String server = "";
        String name = "";
        String channel = "lobby";
        String password = "";
        boolean offsets = false;
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--name" -> name = args[++i];
                    case "--channel" -> channel = args[++i];
                    case "--password" -> password = args[++i];
                    case "--offsets" -> offsets = true;
                    default -> server = args[i];
                }
            }
            ChatClient.Builder builder = ChatClient.builder(URI.create(server)).name(name);
            if (!password.isEmpty()) {
                builder.password(password);
            }
            System.exit(new TerminalClient(name, channel, offsets).run(builder) ? 0 : 1);
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
            case "/reply", "/edit", "/delete", "/react", "/unreact" -> refer(client, words[0], line);
            case "/who" ->
                expect(client.presence(here())
                        .thenAccept(clients -> out.println(Printable.line(String.join(", ", clients.keySet())))));
            case "/history" -> {
                int limit = words.length > 1 ? Integer.parseInt(words[1]) : PAGE;
                expect(client.folded(here(), HistoryRange.newest(limit))
                        .thenAccept(page -> page.messages().forEach(message -> out.println(lines.folded(message)))));
            }
            case "/search" ->
                expect(client.search(here(), rest(line), PAGE)
                        .thenAccept(found ->
                                found.messages().reversed().forEach(message -> out.println(lines.folded(message)))));
            case "/channels" ->
                expect(client.list(rest(line), "", MOST_CHANNELS)
                        .thenAccept(page -> page.channels().forEach(entry -> out.println(lines.channel(entry)))));
            case "/topic" -> topic(client, rest(line));
            default -> {
                if (line.startsWith("/")) {
                    throw new IllegalArgumentException(words[0] + " is not a command; see /help");
                }
                expect(client.publish(here(), line));
            }
        }
    }

    private void refer(ChatClient client, String command, String line) {
        Target target = target(line, command.equals("/edit") || command.equals("/delete") ? lastOwn : lastShown);
        String of = target.channel;
        long offset = target.offset;
        expect(
                switch (command) {
                    case "/reply" -> client.reply(of, offset, target.content());
                    case "/edit" -> client.edit(of, offset, target.content());
                    case "/delete" -> client.delete(of, offset);
                    case "/react" -> client.react(of, offset, target.text());
                    default -> client.unreact(of, offset, target.text());
                });
    }

    private void topic(ChatClient client, String topic) {
        if (topic.isEmpty()) {
            String of = here();
            expect(client.info(of).thenAccept(info -> out.println(lines.topic(of, info.flatMap(ChannelInfo::json)))));
        } else {
            JsonObject described = new JsonObject();
            described.addProperty("topic", topic);
            expect(client.describe(here(), Optional.of(new Content.Json(described.toString()))));
        }
    }

    /** Returns what stands behind a command. */
    private static String rest(String line) {
        String[] words = line.strip().split("\\s+", 2);
        return words.length > 1 ? words[1] : "";
    }

    /** A message that a command concerns, and the text behind it. */
    private record Target(String channel, long offset, String rest) {
        private String text() {
            if (rest.isEmpty()) {
                throw new IllegalArgumentException("the text is missing; see /help");
            }
            return rest;
        }

        private Content content() {
            return new Content.Text(text());
        }
    }

    /** Reads {@code /command #12 text} or {@code /command @bob#3 text}. Without a number, the last message is meant. */
    private Target target(String line, Map<String, Long> last) {
        String rest = rest(line);
        Matcher matcher = TARGET.matcher(rest);
        if (matcher.lookingAt()) {
            String of = matcher.group(1) == null ? here() : "@" + matcher.group(1);
            return new Target(
                    of,
                    Long.parseLong(matcher.group(2)),
                    rest.substring(matcher.end()).strip());
        }
        Long offset = last.get(here());
        if (offset == null) {
            throw new IllegalArgumentException("there is no message yet; name one by its number, such as #12");
        }
        return new Target(channel, offset, rest);
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
        lastShown.put(message.channel(), message.position().offset());
        if (message.sender().equals(name) && !message.isDeleted()) {
            lastOwn.put(message.channel(), message.position().offset());
        }
        out.println(lines.message(message));
    }

    @Override
    public void direct(Message message) {
        out.println(lines.direct(message, "you"));
    }

    @Override
    public void sent(Message message) {
        out.println(lines.direct(message, message.attributes().to()));
    }

    @Override
    public void edited(Message edit) {
        out.println(lines.edit(edit));
    }

    @Override
    public void deleted(Message deletion) {
        out.println(lines.deletion(deletion));
    }

    @Override
    public void reaction(Message reaction) {
        out.println(lines.reaction(reaction));
    }

    @Override
    public void described(String described, Optional<Content.Json> description) {
        out.println(lines.topic(described, description));
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
