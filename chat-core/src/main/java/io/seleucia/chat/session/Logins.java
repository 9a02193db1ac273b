package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.transport.Network;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who may come into a server, and what they may do there: asks the embedding program's {@link Authenticator} and {@link
 * Authorizer}, and keeps what is theirs from costing others anything. Any thread.
 *
 * <p>An authenticator runs in a virtual thread of its own for each login, which is left alone at the deadline; so one
 * that hangs costs that login only, and as many as may run at a time bound what all of them cost. Networks share the places
 * fairly: one with hundreds of logins delays only itself.
 */
public final class Logins {
    private static final Logger LOG = System.getLogger(Logins.class.getName());
    private static final String GUEST = "guest-";
    private static final int MAX_AT_ONCE = 1_024;
    private static final int MAX_AT_ONCE_PER_NETWORK = 32;
    private static final int MAX_WAITING = 1_000; // of one network, or of one account
    private static final int MAX_REMEMBERED = 10_000;
    private static final int MAX_REVOCATIONS = 100_000;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
    private static final Duration MEMORY = Duration.ofMinutes(10);
    private static final long LOG_PAUSE = 1_000_000_000L;

    /**
     * One login.
     *
     * @param network what limits by address count
     * @param counted as it counts for pauses
     * @param deadline in {@link System#nanoTime}
     */
    private record Try(
            Authenticator asked,
            Credentials credentials,
            String address,
            String network,
            Pauses.Attempt counted,
            long deadline) {
        long left() {
            return deadline - System.nanoTime();
        }
    }

    private final Optional<Authenticator> authenticator;
    private final Optional<Authorizer> authorizer;
    private final boolean guests;
    private final Duration timeout;
    private final Control control;
    private final Revocations revocations = new Revocations(MAX_REVOCATIONS);
    private final Pauses pauses = new Pauses(FIRST_PAUSE, LONGEST_PAUSE, MEMORY, MAX_REMEMBERED);
    private final FairGate<String> networks =
            new FairGate<>(Integer.MAX_VALUE, MAX_AT_ONCE_PER_NETWORK, MAX_WAITING); // held during pauses, too
    private final FairGate<Long> strangers =
            new FairGate<>(Integer.MAX_VALUE, 1, MAX_WAITING); // by account, from where it is not known
    private final FairGate<Long> strangersOfNetwork =
            new FairGate<>(Integer.MAX_VALUE, 1, MAX_WAITING); // by account and network
    private final FairGate<String> asking = new FairGate<>(MAX_AT_ONCE, MAX_AT_ONCE_PER_NETWORK, MAX_WAITING);
    private final AtomicBoolean complained = new AtomicBoolean();
    private final AtomicBoolean complainedOfKnown = new AtomicBoolean();
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
     * Finds out who shows these credentials. Blocks, also for the pause after failed tries from the same network or to the same account.
     *
     * @param peer the client's address and port
     * @param limit how long it may take; the login timeout is the most
     * @throws LoginException if they are wrong, or that could not be found out
     */
    public Login login(Credentials credentials, String peer, Duration limit) throws LoginException {
        Authenticator asked = authenticator.orElseThrow(
                () -> new LoginException(ErrorCode.UNAUTHORIZED, "one can't log in here: there are only guests"));
        String address = peer.contains(":") ? peer.substring(0, peer.lastIndexOf(':')) : peer;
        String network = Network.textOf(address);
        Try attempt = new Try(
                asked,
                credentials,
                address,
                network,
                pauses.attempt(credentials, network),
                System.nanoTime() + Math.min(limit.toNanos(), timeout.toNanos()));
        try {
            if (!networks.enter(network, attempt.left())) {
                throw tooMany();
            }
            try {
                return inTurn(attempt); // in its place, so that a crowd does not come before the first has failed
            } finally {
                networks.leave(network);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoginException(ErrorCode.UNAVAILABLE, "the server is in a hurry");
        }
    }

    private static LoginException tooMany() {
        return new LoginException(ErrorCode.UNAVAILABLE, "too many log in at this moment, try again later");
    }

    /**
     * Where an account is not known, one login to it at a time is checked, or many would guess at once. One of each network
     * stands in line for that, so that a crowd in one does not keep the owner out who comes from another.
     */
    private Login inTurn(Try attempt) throws LoginException, InterruptedException {
        if (attempt.counted.account().isEmpty() || isKnown(attempt)) {
            return afterPause(attempt);
        }
        long pair = attempt.counted.pair();
        long account = attempt.counted.account().getAsLong();
        enter(strangersOfNetwork, pair, attempt);
        try {
            if (!isKnown(attempt)) {
                enter(strangers, account, attempt);
                try {
                    return afterPause(attempt);
                } finally {
                    strangers.leave(account);
                }
            }
        } finally {
            strangersOfNetwork.leave(pair);
        }
        return afterPause(attempt); // one before it has made the account known
    }

    private static void enter(FairGate<Long> gate, long key, Try attempt) throws LoginException, InterruptedException {
        if (!gate.enter(key, attempt.left())) {
            throw new LoginException(
                    ErrorCode.RATE_LIMITED, "too many log in to this account at this moment, try again later");
        }
    }

    private boolean isKnown(Try attempt) {
        if (pauses.knows(attempt.counted)) {
            return true;
        }
        try {
            return attempt.credentials instanceof Credentials.Password given
                    && attempt.asked.knows(given.user(), attempt.address);
        } catch (Throwable e) {
            Loop.passOn(e);
            if (complainedOfKnown.compareAndSet(false, true)) {
                LOG.log(Level.ERROR, "the authenticator can't tell from where accounts have logged in", e);
            }
            return false;
        }
    }

    private Login afterPause(Try attempt) throws LoginException, InterruptedException {
        long now = System.nanoTime();
        OptionalLong pause = pauses.enter(attempt.counted, isKnown(attempt), now, attempt.deadline - now);
        if (pause.isEmpty()) {
            throw new LoginException(
                    ErrorCode.RATE_LIMITED,
                    "too many logins from this address, or to this account, failed; try again later");
        }
        TimeUnit.NANOSECONDS.sleep(pause.getAsLong());
        return check(attempt);
    }

    private Login check(Try attempt) throws LoginException, InterruptedException {
        long since = System.currentTimeMillis();
        if (attempt.credentials instanceof Credentials.Token && !control.awaitKnown(attempt.left())) {
            throw new LoginException(ErrorCode.UNAVAILABLE, "it is not known yet which tokens are revoked");
        }
        Optional<Login> login =
                ask(attempt).map(user -> new Login(user, since)).filter(found -> !revocations.cover(found));
        if (login.isEmpty()) {
            pauses.failed(attempt.counted, System.nanoTime());
            logFailure(attempt.address);
            throw new LoginException(ErrorCode.UNAUTHORIZED, "wrong user, password or token");
        }
        pauses.succeeded(attempt.counted, System.nanoTime());
        return login.get();
    }

    private Optional<User> ask(Try attempt) throws LoginException, InterruptedException {
        if (!asking.enter(attempt.network, attempt.left())) {
            throw tooMany();
        }
        FutureTask<Optional<User>> answer = new FutureTask<>(() -> authenticate(attempt));
        Thread thread = Thread.ofVirtual().name("login from " + attempt.address).unstarted(() -> {
            try {
                answer.run();
            } finally {
                askers.remove(Thread.currentThread());
                asking.leave(attempt.network);
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
                asking.leave(attempt.network);
            }
        }
        try {
            return answer.get(attempt.left(), TimeUnit.NANOSECONDS);
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

    private static Optional<User> authenticate(Try attempt) throws IOException {
        try {
            return attempt.asked.authenticate(attempt.credentials, attempt.address);
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
