package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/**
 * Questions from server to server, over signals of the broker that they share. Signals may be lost, so a question is sent again
 * every second until there is an answer, and carried out at most once at a time: it must have no further effect if it comes
 * again. A server that is carrying one out says so when it comes again.
 *
 * <p>The broker's thread takes signals; each question is carried out by a virtual thread of its own. Any thread may {@link
 * #ask}.
 */
public final class ServerRelay implements Broker.Listener, AutoCloseable {
    private static final Logger LOG = System.getLogger(ServerRelay.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ID_BYTES = 8;
    private static final int AT_ONCE = 256; // questions of other servers, and questions to them
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final Duration SILENCE = Duration.ofSeconds(5);
    private static final String ASK = "ask ";
    private static final String WORKING = "working ";
    private static final String ANSWER = "answer ";
    private static final Sender SERVER = Sender.of("server");

    private final String id = newId();
    private final Broker broker;
    private final MemoryBudget memory;
    private final UnaryOperator<String> answering;
    private final AtomicLong lastNumber = new AtomicLong();
    private final Map<String, BlockingQueue<String>> asked = new ConcurrentHashMap<>(); // by number: what comes back
    private final Set<String> underWay = ConcurrentHashMap.newKeySet(); // by asker and number
    private final Semaphore answers = new Semaphore(AT_ONCE);
    private final Semaphore questions = new Semaphore(AT_ONCE);
    private final ReentrantLock opening = new ReentrantLock(); // guards the next two; held while subscribing
    private Optional<Broker.Subscription> subscription = Optional.empty();
    private boolean closed;

    /** @param answering answers a question of another server; may block */
    public ServerRelay(SessionContext context, UnaryOperator<String> answering) {
        this.broker = context.channels().broker();
        this.memory = context.memory();
        this.answering = answering;
    }

    private static String newId() {
        byte[] bytes = new byte[ID_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns the id by which other servers find this one. */
    public String id() {
        return id;
    }

    /** Begins to take questions, unless it does already or the broker is unavailable. Blocks as the broker does. */
    public void listen() {
        try {
            subscribe();
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "other servers can't ask this one yet: " + e.getMessage());
        }
    }

    private void subscribe() throws UnavailableException {
        opening.lock();
        try {
            if (subscription.isEmpty() && !closed) {
                subscription = Optional.of(broker.subscribe(Names.serverChannelOf(id), this));
            }
        } finally {
            opening.unlock();
        }
    }

    /**
     * Asks another server. Blocks until it has answered, for at most the limit.
     *
     * @return the answer; empty if the server can't be reached, or has not answered in time
     */
    public Optional<String> ask(String server, String question, Duration limit) {
        if (!questions.tryAcquire()) {
            return Optional.empty(); // too many wait for answers
        }
        String number = Long.toString(lastNumber.incrementAndGet());
        BlockingQueue<String> replies = new ArrayBlockingQueue<>(4); // of which a further one is dropped
        asked.put(number, replies);
        try {
            subscribe();
            return awaitAnswer(server, ASK + number + "\n" + question, replies, limit);
        } catch (UnavailableException | ClosedBrokerException e) {
            LOG.log(Level.DEBUG, () -> "another server can't be asked: " + e.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            asked.remove(number);
            questions.release();
        }
    }

    private Optional<String> awaitAnswer(String server, String text, BlockingQueue<String> replies, Duration limit)
            throws UnavailableException, InterruptedException {
        long began = System.nanoTime();
        long heard = began;
        for (long now = began;
                now - began < limit.toNanos() && now - heard < SILENCE.toNanos();
                now = System.nanoTime()) {
            send(server, text);
            String reply = replies.poll(AGAIN.toNanos(), TimeUnit.NANOSECONDS);
            if (reply != null && reply.startsWith(WORKING)) {
                heard = System.nanoTime();
                reply = replies.poll(AGAIN.toNanos(), TimeUnit.NANOSECONDS);
            }
            if (reply != null && reply.startsWith(ANSWER)) {
                return Optional.of(reply.substring(reply.indexOf('\n') + 1));
            }
        }
        return Optional.empty();
    }

    private void send(String server, String text) throws UnavailableException {
        broker.signal(Names.serverChannelOf(server), new Broker.Signal(id, SERVER, new Content.Text(text)));
    }

    @Override
    public void signal(Broker.Signal signal) {
        String text = signal.content().asText();
        int end = text.indexOf('\n');
        String head = end < 0 ? text : text.substring(0, end);
        if (head.startsWith(ASK) && end >= 0) {
            take(signal.origin(), head.substring(ASK.length()), text.substring(end + 1));
        } else if (head.startsWith(WORKING) || head.startsWith(ANSWER)) {
            BlockingQueue<String> replies = asked.get(head.substring(head.indexOf(' ') + 1));
            if (replies != null) {
                replies.offer(text);
            }
        }
    }

    private void take(String asker, String number, String question) {
        if (!memory.hasRoom() || !answers.tryAcquire()) {
            return; // the asker tries again
        }
        boolean started = false;
        try {
            Thread.ofVirtual().name("relay-" + number).start(() -> {
                try {
                    Loop.attempt(LOG, "answering another server", () -> answer(asker, number, question));
                } finally {
                    answers.release();
                }
            });
            started = true;
        } finally {
            if (!started) {
                answers.release();
            }
        }
    }

    private void answer(String asker, String number, String question) {
        String key = asker + " " + number;
        if (!underWay.add(key)) {
            reply(asker, WORKING + number);
            return;
        }
        long bytes = Sizes.ofText(question);
        memory.charge(Part.INCOMING, bytes);
        try {
            reply(asker, ANSWER + number + "\n" + answering.apply(question));
        } finally {
            memory.charge(Part.INCOMING, -bytes);
            underWay.remove(key);
        }
    }

    private void reply(String asker, String text) {
        try {
            send(asker, text);
        } catch (UnavailableException | ClosedBrokerException e) {
            LOG.log(Level.DEBUG, () -> "another server can't be answered, and asks again: " + e.getMessage());
        }
    }

    /** Nothing is published in the channel of a server. */
    @Override
    public void message(Message message) {}

    /** Signals have no history. */
    @Override
    public void lost(Position position) {}

    /** Takes no more questions. */
    @Override
    public void close() {
        opening.lock();
        try {
            closed = true;
            subscription.ifPresent(Broker.Subscription::close);
            subscription = Optional.empty();
        } finally {
            opening.unlock();
        }
    }
}
