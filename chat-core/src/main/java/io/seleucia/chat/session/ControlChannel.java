package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The channel that carries commands to all servers of a broker. Its history brings them to a server that starts later, and to
 * one that was cut off from the broker: that reads all of them again, and a command says when it was given. The broker also
 * keeps revocations, apart from channels, as long as there can be tokens that they concern.
 *
 * <p>One virtual thread subscribes and reads histories; the broker's thread applies commands of other servers. Methods throw
 * {@link UnavailableException} if it is unknown whether, or when, the other servers will learn of a command.
 */
public final class ControlChannel implements Broker.Listener, AutoCloseable {
    private static final Logger LOG = System.getLogger(ControlChannel.class.getName());
    private static final String REVOKE = "revoke ";
    private static final String DISCONNECT = "disconnect ";
    private static final String BANS = "bans"; // have changed
    private static final int PAGE = 100;
    private static final long PAUSE_MILLIS = 500;
    private static final long BANS_SECONDS = 60; // until they are read again, because a message may have been lost
    private static final long SKEW_MILLIS = 30_000; // between the clocks of this server and the broker

    private final String id = "server-" + UUID.randomUUID();
    private final Broker broker;
    private final Consumer<AdminCommand> commands;
    private final CountDownLatch known = new CountDownLatch(1);
    private final Bans bans = new Bans();
    private final Semaphore unread = new Semaphore(0); // a permit for each change that has to be read
    private volatile boolean missed = true; // commands have to be read, not only bans
    private final Thread thread = Thread.ofVirtual().name("control").unstarted(this::run);
    private Optional<Broker.Subscription> subscription = Optional.empty(); // used by the thread only
    private volatile boolean closed;

    /** @param commands applies a command on this server; must not block */
    public ControlChannel(Broker broker, Consumer<AdminCommand> commands) {
        this.broker = broker;
        this.commands = commands;
    }

    /** Begins to listen, as soon as the broker can be reached. Does not block. */
    public void start() {
        thread.start();
    }

    /** Blocks until the commands of the past are known; false if that takes longer. */
    boolean awaitKnown(long nanos) throws InterruptedException {
        return known.await(nanos, TimeUnit.NANOSECONDS);
    }

    /** Revokes all logins of a user, here at once. */
    public void revoke(String user) throws UnavailableException {
        long now = System.currentTimeMillis();
        commands.accept(new AdminCommand.Revoke(user, now, now));
        broker.revoke(user, now); // first: a server that misses the message reads it there
        broker.publish(Names.CONTROL_CHANNEL, id, new Content.Text(REVOKE + user), "");
    }

    /** Ends the sessions of a client, here at once. */
    public void disconnect(String client) throws UnavailableException {
        commands.accept(new AdminCommand.Disconnect(client, System.currentTimeMillis()));
        broker.publish(Names.CONTROL_CHANNEL, id, new Content.Text(DISCONNECT + client), "");
    }

    /**
     * Stores a ban, which is in force here when this returns.
     *
     * @throws IllegalArgumentException if the ban has ended, or lasts too long
     */
    public void ban(Ban ban) throws UnavailableException {
        broker.ban(ban);
        tellOfBans();
    }

    /**
     * Lifts a ban, which is no longer in force here when this returns.
     *
     * @throws IllegalArgumentException if the subject is not a name or an address
     */
    public void unban(Ban.Kind kind, String subject) throws UnavailableException {
        broker.unban(kind, subject);
        tellOfBans();
    }

    private void tellOfBans() throws UnavailableException {
        readBans();
        broker.publish(Names.CONTROL_CHANNEL, id, new Content.Text(BANS), "");
    }

    private void readBans() throws UnavailableException {
        long reading = bans.beginReading();
        bans.replace(reading, broker.bans());
        commands.accept(new AdminCommand.BansChanged());
    }

    /** Returns the bans that this server knows of. */
    Bans bans() {
        return bans;
    }

    private void run() {
        Loop.run(LOG, "the commands of other servers", () -> !closed, this::readAndWait);
        subscription.ifPresent(Broker.Subscription::close);
    }

    private void readAndWait() throws InterruptedException {
        try {
            if (subscription.isEmpty()) {
                subscription = Optional.of(broker.subscribe(Names.CONTROL_CHANNEL, this));
            }
            unread.drainPermits();
            readBans();
            if (missed) {
                missed = false;
                readCommands();
            }
            known.countDown();
            unread.tryAcquire(BANS_SECONDS, TimeUnit.SECONDS);
        } catch (ClosedBrokerException e) {
            closed = true;
            LOG.log(Level.DEBUG, "no more commands are taken");
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "commands can't be read yet: " + e.getMessage());
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private void readCommands() throws UnavailableException {
        try {
            broker.revocations()
                    .forEach((user, time) -> Loop.attempt(
                            LOG, "a revocation", () -> commands.accept(new AdminCommand.Revoke(user, time, time))));
            readHistory();
        } catch (Throwable e) {
            missed = true;
            throw e;
        }
    }

    private void readHistory() throws UnavailableException {
        List<Message> page = broker.historyAfter(Names.CONTROL_CHANNEL, 0, PAGE).messages();
        while (!page.isEmpty()) {
            page.forEach(
                    message -> Loop.attempt(LOG, "another server's command", () -> apply(message, message.time())));
            long known = page.getLast().position().offset();
            page = broker.historyAfter(Names.CONTROL_CHANNEL, known, PAGE).messages();
        }
    }

    @Override
    public void message(Message message) {
        if (message.sender().equals(id) || message.position().equals(Position.NONE)) {
            return; // applied when it was given; or put into Redis by hand
        }
        // A command that was just given concerns all sessions that are here now, even if the clocks differ.
        long now = System.currentTimeMillis();
        apply(message, now - message.time() > SKEW_MILLIS ? message.time() : now);
    }

    private void apply(Message message, long until) {
        String text = message.content().asText();
        if (text.startsWith(REVOKE)) {
            commands.accept(new AdminCommand.Revoke(text.substring(REVOKE.length()), message.time(), until));
        } else if (text.startsWith(DISCONNECT)) {
            commands.accept(new AdminCommand.Disconnect(text.substring(DISCONNECT.length()), until));
        } else if (text.equals(BANS)) {
            unread.release();
        } else {
            LOG.log(Level.WARNING, "a command of another server is ignored: this version does not know it");
        }
    }

    @Override
    public void lost(Position position) {
        missed = true;
        unread.release();
    }

    /** Takes no more commands. Does not block. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
