package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Network;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * The logins to a server, and the rights of its clients: asks the embedding program's {@link Authenticator} and {@link
 * Authorizer}, so that their delays and failures concern only the client in question. Any thread.
 *
 * <p>An authenticator runs in a virtual thread of its own for each login, which is abandoned at the deadline: if it hangs,
 * only that login fails. The number of those threads is bounded. Networks share them fairly: one with hundreds of logins
 * delays only itself.
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

    /** An attempt to log in, until a deadline of {@link System#nanoTime}. */
    private record Try(
            Authenticator asked,
            Credentials credentials,
            String address,
            String network,
            LoginThrottle.Attempt counted,
            long deadline) {
        long left() {
            return deadline - System.nanoTime();
        }
    }

    private final Optional<Authenticator> authenticator;
    private final Optional<Authorizer> authorizer;
    private final boolean guests;
    private final ReservedNames reserved;
    private final Duration timeout;
    private final ControlChannel control;
    private final Revocations revocations = new Revocations(MAX_REVOCATIONS);
    private final LoginThrottle pauses = new LoginThrottle(FIRST_PAUSE, LONGEST_PAUSE, MEMORY, MAX_REMEMBERED);
    private final FairGate<String> networks =
            new FairGate<>(Integer.MAX_VALUE, MAX_AT_ONCE_PER_NETWORK, MAX_WAITING); // held during pauses, too
    private final FairGate<Long> strangers =
            new FairGate<>(Integer.MAX_VALUE, 1, MAX_WAITING); // by account, from where it is not known
    private final FairGate<Long> strangersOfNetwork =
            new FairGate<>(Integer.MAX_VALUE, 1, MAX_WAITING); // by account and network
    private final FairGate<String> asking = new FairGate<>(MAX_AT_ONCE, MAX_AT_ONCE_PER_NETWORK, MAX_WAITING);
    private final Set<String> unanswered = ConcurrentHashMap.newKeySet(); // questions that the authenticator failed at
    private final ThrottledLog failures = new ThrottledLog(LOG, Level.INFO); // of logins
    private final ThrottledLog failedReviews = new ThrottledLog(LOG, Level.ERROR);
    private final ConcurrentHashMap<Thread, Thread> askers = new ConcurrentHashMap<>(); // by the authenticator's thread

    /**
     * Creates logins, none yet.
     *
     * @param guests whether clients without a login are allowed
     * @param timeout the longest time of a login, and of a connection without one if there are no guests
     */
    public Logins(
            Optional<Authenticator> authenticator,
            Optional<Authorizer> authorizer,
            boolean guests,
            ReservedNames reserved,
            Duration timeout,
            ControlChannel control) {
        this.authenticator = authenticator;
        this.authorizer = authorizer;
        this.guests = guests;
        this.reserved = reserved;
        this.timeout = timeout;
        this.control = control;
    }

    /** Returns the thread that waits for this one, if an authenticator runs in this one; else this one. */
    public Thread waitingFor(Thread thread) {
        return askers.getOrDefault(thread, thread);
    }

    /** Returns whether clients can log in at all. */
    public boolean exist() {
        return authenticator.isPresent();
    }

    /** Returns whether clients without a login are allowed. */
    public boolean guests() {
        return guests;
    }

    /** Returns the bans that are in force. */
    public Bans bans() {
        return control.bans();
    }

    /** Takes note of a revocation. Does not block. */
    public void revoke(AdminCommand.Revoke order) {
        revocations.add(order);
    }

    /** Logs in as {@link #login(Credentials, String, Duration)} does, within the login timeout. */
    Login login(Credentials credentials, String peer) throws LoginException {
        return login(credentials, peer, timeout);
    }

    /**
     * Logs in with credentials. Blocks, also for the pause after failures from the same network or to the same account.
     *
     * @param peer the client's address and port
     * @param limit the longest time, up to the login timeout
     * @throws LoginException if the credentials are wrong, or could not be checked
     */
    public Login login(Credentials credentials, String peer, Duration limit) throws LoginException {
        Authenticator asked = authenticator.orElseThrow(() ->
                new LoginException(ErrorCode.UNAUTHORIZED, "logging in is not possible here: all clients are guests"));
        String address = peer.contains(":") ? peer.substring(0, peer.lastIndexOf(':')) : peer;
        String network = Network.textOf(address);
        Credentials shown = credentials instanceof Credentials.Password given
                ? new Credentials.Password(Names.normal(given.user()), given.password())
                : credentials;
        Try attempt = new Try(
                asked,
                shown,
                address,
                network,
                pauses.attempt(shown, network),
                System.nanoTime() + Math.min(limit.toNanos(), timeout.toNanos()));
        try {
            if (!networks.enter(network, attempt.left())) {
                throw tooMany();
            }
            try {
                return inTurn(attempt); // after the place is taken, so that the first failure counts for a crowd
            } finally {
                networks.leave(network);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoginException(ErrorCode.UNAVAILABLE, "the server is shutting down");
        }
    }

    private static LoginException tooMany() {
        return new LoginException(ErrorCode.UNAVAILABLE, "too many log in at this moment, try again later");
    }

    /**
     * From networks where an account is not known, one login to it at a time is checked, or many could guess at once. One of
     * each network waits for that turn, so that a crowd in one network does not lock out an owner in another.
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
        return afterPause(attempt); // the account has become known meanwhile
    }

    private static void enter(FairGate<Long> gate, long key, Try attempt) throws LoginException, InterruptedException {
        if (!gate.enter(key, attempt.left())) {
            throw new LoginException(
                    ErrorCode.RATE_LIMITED, "too many log in to this account at this moment, try again later");
        }
    }

    private boolean isKnown(Try attempt) {
        return pauses.knows(attempt.counted)
                || attempt.credentials instanceof Credentials.Password given
                        && ask(
                                "from where accounts have logged in",
                                false,
                                () -> attempt.asked.knows(given.user(), attempt.address));
    }

    /** Asks the authenticator. If it fails, logs that the first time, and returns a default. */
    private boolean ask(String question, boolean otherwise, BooleanSupplier answer) {
        try {
            return answer.getAsBoolean();
        } catch (Throwable e) {
            Loop.passOn(e);
            if (unanswered.add(question)) {
                LOG.log(Level.ERROR, "the authenticator can't tell " + question, e);
            }
            return otherwise;
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
        Optional<Login> login = ask(attempt)
                .filter(user -> !isReserved(attempt, user))
                .map(user -> new Login(user, since))
                .filter(found -> !revocations.cover(found));
        if (login.isEmpty()) {
            pauses.failed(attempt.counted, System.nanoTime());
            failures.log(
                    () -> "a login from " + attempt.address + " failed"); // without the name, which may be a password
            throw new LoginException(ErrorCode.UNAUTHORIZED, "wrong user, password or token");
        }
        pauses.succeeded(attempt.counted, System.nanoTime());
        Optional<Ban> ban = bans().ofAccount(login.get().user().name());
        if (ban.isPresent()) { // only its owner learns of it
            throw new LoginException(ErrorCode.FORBIDDEN, Bans.refusal(ban.get()));
        }
        return login.get();
    }

    /** Returns whether a token's issuer lets a user bear a reserved name. A users file is the operator's, who is warned. */
    private boolean isReserved(Try attempt, User user) {
        boolean refused = attempt.credentials instanceof Credentials.Token && reserved.include(user.name());
        if (refused) {
            failures.log(
                    "reserved",
                    () -> "a token from " + attempt.address
                            + " is refused: the name of its user is reserved, see the setting reserved-names");
        }
        return refused;
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
        try {
            askers.put(thread, Thread.currentThread());
            thread.start();
        } catch (Throwable e) {
            askers.remove(thread);
            asking.leave(attempt.network);
            throw e;
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
            Loop.passOn(e); // here, because nothing reads the result after the deadline
            throw e;
        }
    }

    /** Returns whether a guest may bear a name. May block, as the authenticator does. */
    boolean isForGuests(String name) {
        return !reserved.include(name)
                && !isAccounts(Names.skeleton(name))
                && (authenticator.isEmpty()
                        || !authenticator.get().hasAccount(name).orElse(!name.startsWith(GUEST)));
    }

    /** Returns whether a name with this skeleton is known to be an account's, or to look like it. Does not block. */
    boolean isAccounts(String skeleton) {
        return authenticator.isPresent()
                && ask(
                        "which names look like those of accounts",
                        false,
                        () -> authenticator.get().hasAccountLike(skeleton).orElse(false));
    }

    /**
     * Returns the broker's channel of the inbox of a name: the account's, if the name can't be a guest's. May block, as the
     * authenticator does.
     */
    public String inboxOf(String name) {
        boolean account = authenticator.isPresent()
                && authenticator.get().hasAccount(name).orElse(!name.startsWith(GUEST));
        return account ? Names.accountInboxOf(name) : Names.inboxOf(name);
    }

    /** Returns whether an account has that name; empty if that is unknown. May block, as the authenticator does. */
    Optional<Boolean> hasAccount(String name) {
        return authenticator.flatMap(accounts -> accounts.hasAccount(name));
    }

    /** Returns whether there are rules for the requests of a client. */
    boolean restrict(Optional<Login> login) {
        return authorizer.isPresent()
                || login.isPresent() && login.get().user().rules().isPresent();
    }

    /** Returns whether the rules allow a user something. May block, as the authorizer does. */
    boolean allow(User user, Authorizer.Action action, String channel, Optional<Content> content) {
        return (user.rules().isEmpty() || user.rules().get().allows(user, action, channel, content))
                && (authorizer.isEmpty() || authorizer.get().allows(user, action, channel, content));
    }

    /** Returns whether a login holds no longer. Does not block. */
    public boolean isOver(Login login) {
        User user = login.user();
        return user.expires().isPresent()
                        && System.currentTimeMillis() >= user.expires().get().toEpochMilli()
                || !holds(user)
                || revocations.cover(login);
    }

    private boolean holds(User user) {
        return authenticator.isEmpty()
                || ask(
                        "whether logins hold; they are taken to do",
                        true,
                        () -> authenticator.get().holds(user));
    }

    /** Reports that the authorizer failed when subscriptions were reviewed. */
    void reviewFailed(Throwable why) {
        Loop.passOn(why);
        failedReviews.log(() -> "the authorizer can't tell whether subscriptions may go on; they do: " + why);
    }

    /** Returns whether a connection since that time has been without a login for too long. */
    boolean isOverdue(long since) {
        return !guests && System.currentTimeMillis() - since > timeout.toMillis();
    }
}
