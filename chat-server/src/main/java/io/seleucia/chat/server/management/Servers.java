package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * The servers that share a broker, which ask each other what an operator wants to see. A question is a signal to all of them, and
 * so is each answer, which only the asking server reads. Servers are members of the channel of the signals: so a server that
 * does not answer in time is known. One virtual thread answers questions and collects answers; the threads of the management
 * port wait for them. Signals that come while many wait are dropped: the question then has no answer, and is asked again.
 */
final class Servers implements Broker.Listener, AutoCloseable {
    private static final Logger LOG = System.getLogger(Servers.class.getName());
    private static final int MAX_SERVERS = 200;
    private static final int MAX_WAITING = 64; // signals
    private static final int MAX_CHARS = 96 * 1024; // of a signal that is read
    private static final int ASKING = 4; // at a time
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final Duration TURN = Duration.ofSeconds(2);
    private static final long PAUSE_MILLIS = 500;

    private final String id = "server-" + UUID.randomUUID();
    private final Broker broker;
    private final Function<JsonObject, JsonObject> answerer;
    private final ThrottledLog log = new ThrottledLog(LOG, Level.DEBUG);
    private final ThrottledLog ignored = new ThrottledLog(LOG, Level.WARNING);
    private final ArrayBlockingQueue<JsonText> signals = new ArrayBlockingQueue<>(MAX_WAITING);
    private final Map<Long, Question> questions = new ConcurrentHashMap<>(); // that wait for answers
    private final AtomicLong asked = new AtomicLong();
    private final Bulkhead<HttpError> asking = new Bulkhead<>(ASKING, TURN, "ask the other servers", HttpError::busy);
    private final Thread thread = Thread.ofVirtual().name("management-servers").unstarted(this::run);
    private Optional<Broker.Subscription> subscription = Optional.empty(); // used by the thread only
    private volatile boolean closed;

    /** A signal, and the server that it comes from. */
    private record JsonText(String from, String text) {}

    /** A question that waits for answers, one of each server. */
    private record Question(
            Map<String, JsonObject> answers, Set<String> expected, ArrayBlockingQueue<String> arrived) {}

    /**
     * The answers to a question.
     *
     * @param byServer with the ids of the servers, in order
     * @param silent the servers that have not answered in time
     * @param reached whether the broker has let this server ask; if not, only this server has answered
     */
    record Answers(Map<String, JsonObject> byServer, Set<String> silent, boolean reached) {}

    /** @param answerer answers a question for this server; must not block */
    Servers(Broker broker, Function<JsonObject, JsonObject> answerer) {
        this.broker = broker;
        this.answerer = answerer;
    }

    void start() {
        thread.start();
    }

    /** Returns the id of this server. */
    String id() {
        return id;
    }

    /**
     * Asks all servers, this one included. Blocks until all have answered, for some seconds at most. While the broker is
     * unavailable, only this one answers.
     */
    Answers ask(JsonObject question) throws HttpError {
        asking.enter();
        try {
            return askAll(question);
        } catch (UnavailableException e) {
            log.log(() -> "other servers can't be asked: " + e.getMessage());
            return new Answers(Map.of(id, answerer.apply(question)), Set.of(), false);
        } finally {
            asking.leave();
        }
    }

    private Answers askAll(JsonObject question) throws UnavailableException {
        long number = asked.incrementAndGet();
        try {
            Set<String> others = new TreeSet<>();
            for (Member member :
                    broker.members(Names.SERVERS_CHANNEL, "", MAX_SERVERS).page()) {
                others.add(member.client());
            }
            others.remove(id);
            Question waiting =
                    new Question(new ConcurrentHashMap<>(), others, new ArrayBlockingQueue<>(MAX_SERVERS + 1));
            questions.put(number, waiting);
            if (!others.isEmpty()) {
                signal(Json.object("ask", number, "question", question));
            }
            Map<String, JsonObject> answers = new TreeMap<>();
            answers.put(id, answerer.apply(question));
            await(waiting);
            answers.putAll(waiting.answers);
            others.removeAll(answers.keySet());
            return new Answers(answers, others, true);
        } finally {
            questions.remove(number);
        }
    }

    private static void await(Question question) {
        long deadline = System.nanoTime() + PATIENCE;
        try {
            for (int left = question.expected.size(); left > 0; left--) {
                if (question.arrived.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS) == null) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // what has come so far is the answer
        }
    }

    private void signal(JsonObject json) throws UnavailableException {
        broker.signal(Names.SERVERS_CHANNEL, new Broker.Signal(id, Sender.of(id), new Content.Text(json.toString())));
    }

    private void run() {
        Loop.run(LOG, "questions of other servers", () -> !closed, this::handle);
        if (subscription.isPresent()) {
            subscription.get().close();
            broker.leave(Names.SERVERS_CHANNEL, Sender.of(id));
        }
    }

    private void handle() throws InterruptedException {
        try {
            if (subscription.isEmpty()) {
                subscription = Optional.of(broker.subscribe(Names.SERVERS_CHANNEL, this));
                broker.join(Names.SERVERS_CHANNEL, Sender.of(id));
            }
            JsonText signal = signals.poll(1, TimeUnit.SECONDS);
            if (signal != null) {
                handle(signal);
            }
        } catch (ClosedBrokerException e) {
            closed = true;
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "other servers can't be told: " + e.getMessage());
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private void handle(JsonText signal) throws UnavailableException {
        JsonObject json;
        try {
            json = JsonParser.parseString(signal.text).getAsJsonObject();
            if (json.has("ask")) {
                long number = json.get("ask").getAsLong();
                JsonObject answer = answerer.apply(json.getAsJsonObject("question"));
                signal(Json.object("to", signal.from, "answers", number, "answer", answer));
            } else if (json.has("to") && json.get("to").getAsString().equals(id)) {
                collect(signal.from, json);
            }
        } catch (RuntimeException
                | StackOverflowError e) { // whatever it has, it was made by another version, or by hand
            ignored.log(() -> "a question of another server is ignored: this version does not understand it: " + e);
        }
    }

    private void collect(String from, JsonObject json) {
        Question question = questions.get(json.get("answers").getAsLong());
        if (question != null
                && question.expected.contains(from)
                && question.answers.putIfAbsent(from, json.getAsJsonObject("answer")) == null) {
            question.arrived.add(from);
        }
    }

    @Override
    public void signal(Broker.Signal signal) {
        String text = signal.content().asText();
        if (signal.origin().equals(id)) {
            return;
        }
        if (text.length() > MAX_CHARS || !signals.offer(new JsonText(signal.origin(), text))) {
            log.log(() -> "a signal of a server is not read");
        }
    }

    @Override
    public void message(Message message) {}

    @Override
    public void lost(Position position) {}

    /** Leaves the other servers. Does not block. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
