package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.ResumeSecret;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * The names of guests that are reserved at the broker, while sessions of this server bear them and for some time after. One
 * virtual thread renews all of them every third of that time. Methods for inbound loops block as the broker does.
 */
public final class NameHolds implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NameHolds.class.getName());
    private static final int RENEWALS = 3; // in the lifetime of a hold
    private static final int AT_ONCE = 64;

    /**
     * A reserved name.
     *
     * @param owner tells the clients that may bear the name from all others; not a secret
     */
    record Hold(String name, String owner) {
        private static final String KIND = "kind:";
        private static final String SESSION = "session:";

        /** Returns a hold for all sessions that show a secret. */
        static Hold of(String name, ResumeSecret secret) {
            return new Hold(name, secret.digest());
        }

        /** Returns a hold for all sessions of a protocol that can't show a secret. */
        static Hold ofProtocol(String name, String protocol) {
            return new Hold(name, KIND + protocol);
        }

        /** Returns a hold for one session, until that ends. */
        static Hold ofSession(String name) {
            return new Hold(name, SESSION + UUID.randomUUID());
        }

        private boolean outlivesSession() {
            return !owner.startsWith(SESSION);
        }
    }

    private final ThrottledLog lost = new ThrottledLog(LOG, Level.WARNING);
    private final Broker broker;
    private final Duration lifetime;
    private final ConcurrentHashMap<Hold, List<ServedConnection>> bearers =
            new ConcurrentHashMap<>(); // the sessions that bear the name; lists are used within the map's steps only
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = Thread.ofVirtual().name("guest-names").unstarted(this::renew);

    /** @param lifetime how long a name stays reserved after the end of the last session that bore it */
    public NameHolds(Broker broker, Duration lifetime) {
        this.broker = broker;
        this.lifetime = lifetime;
    }

    /** Begins to renew holds. */
    public void start() {
        thread.start();
    }

    /** Reserves a name for a session. */
    Broker.Hold claim(ServedConnection connection, Hold hold) throws UnavailableException {
        Broker.Hold result = broker.hold(hold.name, hold.owner, lifetime);
        if (result == Broker.Hold.REFUSED) {
            return result;
        }
        bearers.compute(hold, (key, some) -> {
            List<ServedConnection> all = some == null ? new ArrayList<>(1) : some;
            all.add(connection);
            return all;
        });
        return result;
    }

    /** Ends the use of a name by a session. The name stays reserved for the lifetime of a hold. */
    void end(ServedConnection connection, Hold hold) {
        remove(connection, hold);
        if (hold.outlivesSession()) {
            extend(hold);
        } else {
            broker.release(hold.name, hold.owner);
        }
    }

    /** Withdraws a claim whose owner no client knows, so that no client could bear the name. */
    void withdraw(ServedConnection connection, Hold hold) {
        remove(connection, hold);
        broker.release(hold.name, hold.owner);
    }

    private void remove(ServedConnection connection, Hold hold) {
        bearers.computeIfPresent(hold, (key, some) -> {
            some.remove(connection);
            return some.isEmpty() ? null : some;
        });
    }

    /** Renews a hold, if the broker can be reached. Returns false if another owner has the name. */
    private boolean extend(Hold hold) {
        try {
            return broker.hold(hold.name, hold.owner, lifetime) != Broker.Hold.REFUSED;
        } catch (UnavailableException | ClosedBrokerException e) {
            LOG.log(Level.DEBUG, () -> "a guest's name is not held for longer: " + e.getMessage());
            return true;
        }
    }

    private void renew() {
        Loop.every(lifetime.dividedBy(RENEWALS), LOG, "the renewal of guests' names", closed, this::renewAll);
    }

    private void renewAll() {
        Loop.attemptEach(LOG, hold -> "renewing the hold of a name", bearers.keySet(), AT_ONCE, this::renew);
    }

    private void renew(Hold hold) {
        if (!extend(hold)) {
            List<ServedConnection> some = new ArrayList<>();
            bearers.computeIfPresent(hold, (key, all) -> {
                some.addAll(all);
                return all;
            });
            some.forEach(connection -> connection.end(CloseCode.UNAUTHORIZED, true));
            if (!some.isEmpty()) {
                lost.log(() ->
                        "sessions of a guest are ended: the broker had lost the hold of their name, and another guest"
                                + " has taken it");
            }
        } else if (!hold.outlivesSession() && !bearers.containsKey(hold)) {
            broker.release(hold.name, hold.owner); // the session ended meanwhile
        }
    }

    /** Ends the renewal. Holds expire, or are renewed by other servers. */
    @Override
    public void close() {
        closed.countDown();
    }
}
