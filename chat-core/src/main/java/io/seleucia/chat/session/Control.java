package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Carries orders to all servers that share a broker, in a channel of their own. Orders that are still in its history
 * reach a server that starts later, and one that was cut off from the broker: whoever has missed some reads all of them
 * again, and an order says when it was given. The broker keeps revocations besides, apart from all channels, until no
 * token is left that they concern.
 *
 * <p>One virtual thread subscribes and reads histories; orders of other servers are carried out by the broker's thread.
 */
public final class Control implements Broker.Listener, AutoCloseable {
    private static final Logger LOG = System.getLogger(Control.class.getName());
    private static final String REVOKE = "revoke ";
    private static final String DISCONNECT = "disconnect ";
    private static final int PAGE = 100;
    private static final long PAUSE_MILLIS = 500;
    private static final long SKEW_MILLIS = 30_000; // between the clocks of this server and the broker

    private final String id = "server-" + UUID.randomUUID();
    private final Broker broker;
    private final Consumer<Order> orders;
    private final CountDownLatch known = new CountDownLatch(1);
    private final Semaphore missed = new Semaphore(0); // how often the history has to be read again
    private final Thread thread = Thread.ofVirtual().name("control").unstarted(this::run);
    private Optional<Broker.Subscription> subscription = Optional.empty(); // the thread's own
    private volatile boolean closed;

    /** @param orders carries an order out on this server; must not block */
    public Control(Broker broker, Consumer<Order> orders) {
        this.broker = broker;
        this.orders = orders;
    }

    /** Begins to listen; a broker that is out of reach is tried again until it is not. Does not wait. */
    public void start() {
        thread.start();
    }

    /** Waits until the orders of the past are known; false if that takes longer. */
    boolean awaitKnown(long nanos) throws InterruptedException {
        return known.await(nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Makes void what a user is logged in with, here at once.
     *
     * @throws UnavailableException if it can't be told whether the other servers will know
     */
    public void revoke(String user) throws UnavailableException {
        long now = System.currentTimeMillis();
        orders.accept(new Order.Revoke(user, now, now));
        broker.revoke(user, now); // first, for a server that misses the message reads it there
        broker.publish(Names.CONTROL_CHANNEL, id, new Content.Text(REVOKE + user), "");
    }

    /**
     * Ends the sessions of a client, here at once.
     *
     * @throws UnavailableException if it can't be told whether the other servers will know
     */
    public void disconnect(String client) throws UnavailableException {
        orders.accept(new Order.Disconnect(client, System.currentTimeMillis()));
        broker.publish(Names.CONTROL_CHANNEL, id, new Content.Text(DISCONNECT + client), "");
    }

    private void run() {
        Loop.run(LOG, "the orders of other servers", () -> !closed, this::readAndWait);
        subscription.ifPresent(Broker.Subscription::close);
    }

    private void readAndWait() throws InterruptedException {
        try {
            if (subscription.isEmpty()) {
                subscription = Optional.of(broker.subscribe(Names.CONTROL_CHANNEL, this));
            }
            missed.drainPermits();
            broker.revocations()
                    .forEach((user, time) ->
                            Loop.attempt(LOG, "a revocation", () -> orders.accept(new Order.Revoke(user, time, time))));
            readHistory();
            known.countDown();
            missed.acquire();
        } catch (ClosedBrokerException e) {
            closed = true;
            LOG.log(Level.DEBUG, "no more orders are taken");
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "orders can't be read yet: " + e.getMessage());
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private void readHistory() throws UnavailableException {
        Position known = Position.NONE;
        Broker.Page page = broker.historyAfter(Names.CONTROL_CHANNEL, 0, PAGE);
        while (!page.messages().isEmpty()) {
            page.messages()
                    .forEach(message ->
                            Loop.attempt(LOG, "another server's order", () -> carryOut(message, message.time())));
            known = page.messages().getLast().position();
            page = broker.historyAfter(Names.CONTROL_CHANNEL, known.offset(), PAGE);
        }
    }

    @Override
    public void message(Message message) {
        if (message.sender().equals(id) || message.position().equals(Position.NONE)) {
            return; // carried out when it was given; or pushed into Redis by hand
        }
        // What has just been given concerns all who are here now, whatever the clocks of others say.
        long now = System.currentTimeMillis();
        carryOut(message, now - message.time() > SKEW_MILLIS ? message.time() : now);
    }

    private void carryOut(Message message, long until) {
        String text = message.content().asText();
        if (text.startsWith(REVOKE)) {
            orders.accept(new Order.Revoke(text.substring(REVOKE.length()), message.time(), until));
        } else if (text.startsWith(DISCONNECT)) {
            orders.accept(new Order.Disconnect(text.substring(DISCONNECT.length()), until));
        } else {
            LOG.log(Level.WARNING, "another server gives an order that this version does not know");
        }
    }

    @Override
    public void lost(Position position) {
        missed.release();
    }

    @Override
    public void signal(Broker.Signal signal) {}

    @Override
    public void joined(String client) {}

    @Override
    public void left(String client) {}

    /** Takes no more orders. Does not wait. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
