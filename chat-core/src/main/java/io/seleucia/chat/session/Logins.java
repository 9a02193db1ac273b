package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who may come into a server, and what they may do there: asks the embedding program's {@link Authenticator} and {@link
 * Authorizer}, and keeps what is theirs from costing others anything. Any thread.
 *
 * <p>An authenticator runs in a virtual thread of its own for each login, which is left alone at the deadline; so one
 * that hangs costs that login only, and as many as may run at a time bound what all of them cost.
 */
public final class Logins {
    private static final Logger LOG = System.getLogger(Logins.class.getName());
    private static final String GUEST = "guest-";
    private static final int MAX_AT_ONCE = 1_024;
    private static final int MAX_AT_ONCE_PER_ADDRESS = 32;
    private static final int MAX_ADDRESSES = 10_000;
    private static final int MAX_REVOCATIONS = 100_000;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
    private static final Duration MEMORY = Duration.ofMinutes(10);
    private static final long LOG_PAUSE = 1_000_000_000L;

    /** Those who log in from one address at this moment: so many at a time, and the others wait. */
    private static final class Line {
        final Semaphore places = new Semaphore(MAX_AT_ONCE_PER_ADDRESS, true);
        int users; // guarded by the map
    }

    private final Optional<Authenticator> authenticator;
    private final Optional<Authorizer> authorizer;
    private final boolean guests;
    private final Duration timeout;
    private final Control control;
    private final Revocations revocations = new Revocations(MAX_REVOCATIONS);
    private final Pauses pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE, MEMORY, MAX_ADDRESSES);
    private final Semaphore places = new Semaphore(MAX_AT_ONCE);
    private final ConcurrentHashMap<String, Line> lines = new ConcurrentHashMap<>(); // by address
    private final AtomicBoolean complained = new AtomicBoolean();
    private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - LOG_PAUSE);
    private final AtomicLong unlogged = new AtomicLong();
    private final ConcurrentHashMap<Thread, Thread> askers = new ConcurrentHashMap<>(); // by the authenticator's thread

    /**
     * @param guests whether one may come in without a login
     * @param timeout how long a login may take, and how long one may be there without, where there are no guests
     * @param control knows which tokens were revoked before this server began
     */
    public Logins(
            Optional<Authenticator> authenticator,
            Optional<Authorizer> authorizer,
            boolean guests,
            Duration timeout,
            Control control) {
        this.authenticator = authenticator;
        this.authorizer = authorizer;
        this.guests = guests;
        this.timeout = timeout;
        this.control = control;
    }

    /** Returns the thread that waits for this one, if this is an authenticator's; else this one. */
    public Thread waitingFor(Thread thread) {
        return askers.getOrDefault(thread, thread);
    }

    /** Whether one can log in here at all. */
    public boolean exist() {
        return authenticator.isPresent();
    }

    /** Whether one may come in without a login. */
    public boolean guests() {
        return guests;
    }

    /** Takes note of a revocation. Does not block. */
    public void revoke(Order.Revoke order) {
        revocations.add(order);
    }

    /** A login, within the time that logins have; see {@link #login(Credentials, String, Duration)}. */
    Login login(Credentials credentials, String peer) throws LoginException {
        return login(credentials, peer, timeout);
    }

    /**
     * Finds out who shows these credentials. Blocks, also for the pause after failed tries from the same address.
     *
     * @param peer the client's address and port
     * @param limit how long it may take; the login timeout is the most
     * @throws LoginException if they are wrong, or that could not be found out
     */
    public Login login(Credentials credentials, String peer, Duration limit) throws LoginException {
        Authenticator asked = authenticator.orElseThrow(
                () -> new LoginException(ErrorCode.UNAUTHORIZED, "one can't log in here: there are only guests"));
        String address = peer.contains(":") ? peer.substring(0, peer.lastIndexOf(':')) : peer;
        long deadline = System.nanoTime() + Math.min(limit.toNanos(), timeout.toNanos());
        Line line = lines.compute(address, (key, present) -> {
            Line used = present == null ? new Line() : present;
            used.users++;
            return used;
        });
        try {
            acquire(line.places, deadline);
            try {
                pause(address, deadline); // in its place, so that a crowd does not come before the first has failed
                return login(asked, credentials, address, deadline);
            } finally {
                line.places.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoginException(ErrorCode.UNAVAILABLE, "the server is in a hurry");
        } finally {
            lines.computeIfPresent(address, (key, present) -> --present.users == 0 ? null : present);
        }
    }

    private void pause(String address, long deadline) throws LoginException, InterruptedException {
        long now = System.nanoTime();
        OptionalLong pause = pauses.enter(address, now, deadline - now);
        if (pause.isEmpty()) {
            throw new LoginException(
                    ErrorCode.RATE_LIMITED, "too many logins from this address failed, try again later");
        }
        TimeUnit.NANOSECONDS.sleep(pause.getAsLong());
    }

    private static void acquire(Semaphore places, long deadline) throws LoginException, InterruptedException {
        if (!places.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            throw new LoginException(ErrorCode.UNAVAILABLE, "too many log in at this moment, try again later");
        }
    }

    private Login login(Authenticator asked, Credentials credentials, String address, long deadline)
            throws LoginException, InterruptedException {
        long since = System.currentTimeMillis();
        if (credentials instanceof Credentials.Token && !control.awaitKnown(deadline - System.nanoTime())) {
            throw new LoginException(ErrorCode.UNAVAILABLE, "it is not known yet which tokens are revoked");
        }
        Optional<Login> login = ask(asked, credentials, address, deadline)
                .map(user -> new Login(user, since))
                .filter(found -> !revocations.cover(found));
        if (login.isEmpty()) {
            pauses.failed(address, System.nanoTime());
            logFailure(address);
            throw new LoginException(ErrorCode.UNAUTHORIZED, "wrong user, password or token");
        }
        pauses.succeeded(address);
        return login.get();
    }

    private Optional<User> ask(Authenticator asked, Credentials credentials, String address, long deadline)
            throws LoginException, InterruptedException {
        acquire(places, deadline);
        FutureTask<Optional<User>> answer = new FutureTask<>(() -> authenticate(asked, credentials, address));
        Thread thread = Thread.ofVirtual().name("login from " + address).unstarted(() -> {
            try {
                answer.run();
            } finally {
                askers.remove(Thread.currentThread());
                places.release();
            }
        });
        boolean begun = false;
        try {
            askers.put(thread, Thread.currentThread());
            thread.start();
            begun = true;
        } finally {
            if (!begun) {
                askers.remove(thread);
                places.release();
            }
        }
        try {
            return answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new LoginException(ErrorCode.UNAVAILABLE, "the login was not checked in time, try again later");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException unknown) {
                throw new LoginException(ErrorCode.UNAVAILABLE, unknown.getMessage());
            }
            LOG.log(Level.ERROR, "the authenticator failed", e.getCause());
            throw new LoginException(ErrorCode.INTERNAL, "internal error");
        }
    }

    private static Optional<User> authenticate(Authenticator asked, Credentials credentials, String address)
            throws IOException {
        try {
            return asked.authenticate(credentials, address);
        } catch (Throwable e) {
            Loop.passOn(e); // here, because its result is not read after the deadline
            throw e;
        }
    }

    /** A line a second at the most, and no name in it: what stands there may be a password in the wrong field. */
    private void logFailure(String address) {
        long now = System.nanoTime();
        long last = loggedAt.get();
        if (now - last < LOG_PAUSE || !loggedAt.compareAndSet(last, now)) {
            unlogged.incrementAndGet();
            return;
        }
        long others = unlogged.getAndSet(0);
        LOG.log(
                Level.INFO,
                () -> "a login from " + address + " failed" + (others == 0 ? "" : " (and " + others + " before it)"));
    }

    /** Whether a guest may bear a name. May block, as the authenticator does. */
    boolean isForGuests(String name) {
        return authenticator.isEmpty() || !authenticator.get().hasAccount(name).orElse(!name.startsWith(GUEST));
    }

    /** Whether there is an account of that name; empty if that can't be told. May block, as the authenticator does. */
    Optional<Boolean> hasAccount(String name) {
        return authenticator.flatMap(accounts -> accounts.hasAccount(name));
    }

    /** Whether somebody's requests have to be asked about. */
    boolean restrict(Optional<Login> login) {
        return authorizer.isPresent()
                || login.isPresent() && login.get().user().rules().isPresent();
    }

    /** Whether somebody may do something. May block, as the authorizer does. */
    boolean allow(User user, Authorizer.Action action, String channel, Optional<Content> content) {
        return (user.rules().isEmpty() || user.rules().get().allows(user, action, channel, content))
                && (authorizer.isEmpty() || authorizer.get().allows(user, action, channel, content));
    }

    /** Whether a login that was made before holds no longer. Does not block. */
    public boolean isOver(Login login) {
        User user = login.user();
        return user.expires().isPresent()
                        && System.currentTimeMillis() >= user.expires().get().toEpochMilli()
                || !holds(user)
                || revocations.cover(login);
    }

    private boolean holds(User user) {
        try {
            return authenticator.isEmpty() || authenticator.get().holds(user);
        } catch (Throwable e) {
            Loop.passOn(e);
            if (complained.compareAndSet(false, true)) {
                LOG.log(Level.ERROR, "the authenticator can't tell whether logins hold; they are taken to do", e);
            }
            return true;
        }
    }

    /** Whether a connection that came then has been there for too long without a login. */
    boolean isOverdue(long since) {
        return !guests && System.currentTimeMillis() - since > timeout.toMillis();
    }
}
