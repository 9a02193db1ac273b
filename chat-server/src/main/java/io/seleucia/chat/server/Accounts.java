package io.seleucia.chat.server;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.transport.Network;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Logins with the passwords of the users file. Passwords are hashed by threads of the platform, one fewer than there are
 * processors, for a virtual thread that computes leaves no processor to others. Networks take turns: a login waits for one
 * of each other network at the most. A name that is no account's costs the same work as one that is.
 */
final class Accounts implements Authenticator, AutoCloseable {
    private static final int MAX_WAITING_PER_NETWORK = 32;
    private static final int IDLE_SECONDS = 10;

    private final Watched<Map<String, Account>> accounts;
    private final LastLogins lastLogins;
    private final int seed = new SecureRandom().nextInt();
    private final FairGate<String> gate; // to the threads that hash: by network, one login for each
    private final ThreadPoolExecutor hashing;

    /**
     * Reads the file.
     *
     * @throws IOException if it can't be used
     */
    Accounts(Path file) throws IOException {
        this.accounts = new Watched<>(file, accounts -> true, Accounts::read);
        this.lastLogins = new LastLogins(file);
        lastLogins.recall();
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

    private static Map<String, Account> read(Path file) throws IOException {
        Optional<List<String>> lines = new OwnerFile(file).read();
        if (lines.isEmpty()) {
            throw new IOException(file + " does not exist; make it with: user add NAME --users-file=" + file);
        }
        try {
            return Map.copyOf(Account.parse(lines.get()));
        } catch (IOException e) {
            throw new IOException(file + ", " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<User> authenticate(Credentials credentials, String address) throws IOException {
        if (!(credentials instanceof Credentials.Password given)) {
            return Optional.empty();
        }
        Map<String, Account> all = accounts.value();
        Optional<Account> account = Optional.ofNullable(all.get(given.user()));
        boolean right = check(account.orElseGet(() -> nobody(all, given.user())), given.password(), address);
        if (account.isEmpty() || !right) {
            return Optional.empty();
        }
        lastLogins.note(given.user(), address);
        return Optional.of(new User(given.user()).withVersion(account.get().salt()));
    }

    /** The account that is checked instead for a name that is no account's: it costs as much as one of the others. */
    private Account nobody(Map<String, Account> all, String name) {
        List<Integer> costs = all.values().stream()
                .map(Account::iterations)
                .distinct()
                .sorted()
                .toList();
        return Account.nobody(
                costs.isEmpty()
                        ? Account.ITERATIONS
                        : costs.get(Math.floorMod(name.hashCode() ^ seed, costs.size()))); // always the same for a name
    }

    private boolean check(Account account, String password, String address) throws IOException {
        String network = Network.textOf(address);
        try {
            if (!gate.enter(network, Long.MAX_VALUE)) { // the login's deadline interrupts it
                throw new IOException("too many log in at this moment, try again later");
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
            answer.cancel(false); // a thread that hashes already goes on to the end
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
        return Optional.of(accounts.value().containsKey(name));
    }

    /** A changed password has another salt. */
    @Override
    public boolean holds(User user) {
        Account account = accounts.value().get(user.name());
        return account != null && account.salt().equals(user.version());
    }

    /** Reads the file again if it has changed. One thread at a time. */
    void look() {
        accounts.look();
    }

    /** Returns why the previous content of the file is still in force; empty if it is not. Any thread. */
    Optional<String> flaw() {
        return accounts.flaw();
    }

    /** Writes down who has logged in. One thread at a time. */
    void writeLastLogins() {
        lastLogins.write(accounts.value()::containsKey);
    }

    /** How many passwords were hashed. */
    long hashed() {
        return hashing.getCompletedTaskCount();
    }

    @Override
    public void close() {
        hashing.shutdown();
    }
}
