package io.seleucia.chat.server;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Network;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * Logins with the passwords of the users file. Platform threads hash the passwords, one fewer than there are processors:
 * virtual threads that compute would leave no processor to others. Networks take turns: a login waits for at most one login
 * of each other network. An unknown name costs the same work as an account.
 */
final class Accounts implements Authenticator, AutoCloseable {
    private static final int MAX_WAITING_PER_NETWORK = 32;
    private static final int IDLE_SECONDS = 10;
    private static final char AT = '@'; // in the version of a login: between the account's mark and the time

    private static final Logger LOG = System.getLogger(Accounts.class.getName());

    /** The accounts of the file, with the skeletons of their names. */
    private record Listed(Map<String, Account> byName, Set<String> skeletons) {}

    private final ReloadingFile<Listed> accounts;
    private final ReentrantLock looking = new ReentrantLock(); // held while the file is read: the next reader waits
    private final LastLogins lastLogins;
    private final int seed = new SecureRandom().nextInt();
    private final FairGate<String> gate; // to the hashing threads, by network
    private final ThreadPoolExecutor hashing;

    /**
     * Reads the file. Logs a warning for names that look alike or are reserved.
     *
     * @throws IOException if the file can't be used
     */
    Accounts(Path file, ReservedNames reserved) throws IOException {
        this.accounts = new ReloadingFile<>(file, accounts -> true, changed -> read(changed, reserved));
        this.lastLogins = new LastLogins(file);
        lastLogins.load();
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        this.gate = new FairGate<>(threads, threads, MAX_WAITING_PER_NETWORK);
        this.hashing = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), // bounded by the gate
                Thread.ofPlatform().daemon().name("password-", 1).factory());
        hashing.allowCoreThreadTimeOut(true);
    }

    private static Listed read(Path file, ReservedNames reserved) throws IOException {
        Optional<List<String>> lines = new PrivateFile(file).read();
        if (lines.isEmpty()) {
            throw new IOException(file + " does not exist; make it with: user add NAME --users-file=" + file);
        }
        try {
            Map<String, Account> byName = Account.parse(lines.get());
            Account.likenesses(lines.get(), reserved)
                    .forEach(likeness -> LOG.log(Level.WARNING, file + ", " + likeness));
            return new Listed(
                    Map.copyOf(byName),
                    byName.keySet().stream().map(Names::skeleton).collect(Collectors.toUnmodifiableSet()));
        } catch (IOException e) {
            throw new IOException(file + ", " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<User> authenticate(Credentials credentials, String address) throws IOException {
        if (!(credentials instanceof Credentials.Password given)) {
            return Optional.empty();
        }
        Instant begun = Instant.now(); // a revocation that is given during the check concerns this login
        Map<String, Account> all = accounts.value().byName;
        Optional<Account> account = Optional.ofNullable(all.get(given.user()));
        boolean right = check(account.orElseGet(() -> decoy(all, given.user())), given.password(), address);
        if (account.isEmpty() || !right || account.get().disabled()) {
            return Optional.empty();
        }
        lastLogins.add(given.user(), address);
        return Optional.of(new User(given.user()).withVersion(version(account.get(), begun)));
    }

    /** Returns the version of a login with a password. */
    static String version(Account account, Instant login) {
        return account.mark() + AT + login.getEpochSecond();
    }

    /** Returns when a user logged in with a password here; empty if it did not. */
    static Optional<Instant> passwordLogin(User user) {
        int at = user.version().indexOf(AT);
        return at < 0
                ? Optional.empty()
                : Optional.of(
                        Instant.ofEpochSecond(Long.parseLong(user.version().substring(at + 1))));
    }

    private static String mark(User user) {
        int at = user.version().indexOf(AT);
        return at < 0 ? user.version() : user.version().substring(0, at);
    }

    /** Returns the account to check for an unknown name. It costs as much as one of the others, the same one each time. */
    private Account decoy(Map<String, Account> all, String name) {
        List<Integer> costs = all.values().stream()
                .map(Account::iterations)
                .distinct()
                .sorted()
                .toList();
        return Account.decoy(
                costs.isEmpty() ? Account.ITERATIONS : costs.get(Math.floorMod(name.hashCode() ^ seed, costs.size())));
    }

    private boolean check(Account account, String password, String address) throws IOException {
        String network = Network.textOf(address);
        try {
            if (!gate.enter(network, Long.MAX_VALUE)) { // the login's deadline interrupts it
                throw new IOException("too many logins at the same time, try again later");
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException("the login was given up");
        }
        FutureTask<Boolean> answer = new FutureTask<>(() -> account.isPassword(password));
        boolean begun = false;
        try {
            hashing.execute(() -> {
                try {
                    answer.run();
                } finally {
                    gate.leave(network);
                }
            });
            begun = true;
            return answer.get();
        } catch (RejectedExecutionException e) {
            throw new IOException("the server is shutting down", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("hashing failed", e.getCause());
        } catch (InterruptedException e) {
            answer.cancel(false); // a thread that has begun to hash completes it
            throw new InterruptedIOException("the login was given up");
        } finally {
            if (!begun) {
                gate.leave(network);
            }
        }
    }

    @Override
    public boolean knows(String name, String address) {
        return lastLogins.knows(name, address);
    }

    @Override
    public Optional<Boolean> hasAccount(String name) {
        return Optional.of(accounts.value().byName.containsKey(name));
    }

    @Override
    public Optional<Boolean> hasAccountLike(String skeleton) {
        return Optional.of(accounts.value().skeletons.contains(skeleton));
    }

    /** Returns the account of a name, unless it is disabled. */
    Optional<Account> usable(String name) {
        return Optional.ofNullable(accounts.value().byName.get(name)).filter(account -> !account.disabled());
    }

    /** Notes a login without a password. Any thread; does not block. */
    void noteLogin(String name, String address) {
        lastLogins.add(name, address);
    }

    /** Returns whether a name has an account that is disabled. */
    boolean isDisabled(String name) {
        Account account = accounts.value().byName.get(name);
        return account != null && account.disabled();
    }

    @Override
    public boolean holds(User user) {
        return held(user).isPresent();
    }

    /** Returns the account of a user whose login still holds: since then, it has had this password and was never disabled. */
    Optional<Account> held(User user) {
        return usable(user.name()).filter(account -> account.mark().equals(mark(user)));
    }

    /** Reads the file again if it has changed. Blocks for that, and while another thread does it. */
    void look() {
        looking.lock();
        try {
            accounts.look();
        } finally {
            looking.unlock();
        }
    }

    /** Returns why the previous content of the file is still in force; empty if it is not. Any thread. */
    Optional<String> flaw() {
        return accounts.flaw();
    }

    /** Saves the last logins. One thread at a time. */
    void writeLastLogins() {
        lastLogins.write(accounts.value().byName::containsKey);
    }

    long hashed() {
        return hashing.getCompletedTaskCount();
    }

    @Override
    public void close() {
        hashing.shutdown();
    }
}
