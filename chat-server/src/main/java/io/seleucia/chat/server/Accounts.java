package io.seleucia.chat.server;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Logins with the passwords of the users file. Passwords are hashed by threads of the platform, one fewer than there are
 * processors, for a virtual thread that computes leaves no processor to others; a bounded number of logins waits for
 * them. A name that is no account's costs the same work as one that is.
 */
final class Accounts implements Authenticator, AutoCloseable {
    private static final int MAX_WAITING = 128;
    private static final int IDLE_SECONDS = 10;

    private final Watched<Map<String, Account>> accounts;
    private final LastLogins lastLogins;
    private final Account nobody; // whose password is checked for a name that is no account's
    private final ThreadPoolExecutor hashing;

    /**
     * Reads the file.
     *
     * @throws IOException if it can't be used
     */
    Accounts(Path file) throws IOException {
        this.accounts = new Watched<>(file, accounts -> true, Accounts::read);
        this.lastLogins = new LastLogins(file);
        int iterations = accounts.value().values().stream()
                .mapToInt(Account::iterations)
                .max()
                .orElse(Account.ITERATIONS);
        this.nobody = Account.of("nobody", "nothing", iterations);
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        this.hashing = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING, true),
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
        Optional<Account> account = Optional.ofNullable(accounts.value().get(given.user()));
        boolean possible = Account.flawOfPassword(given.password()).isEmpty();
        boolean right = check(account.orElse(nobody), possible ? given.password() : "impossible");
        if (account.isEmpty() || !possible || !right) {
            return Optional.empty();
        }
        lastLogins.note(given.user(), address);
        return Optional.of(new User(given.user()).withVersion(account.get().salt()));
    }

    private boolean check(Account account, String password) throws IOException {
        FutureTask<Boolean> answer = new FutureTask<>(() -> account.isPassword(password));
        try {
            hashing.execute(answer);
        } catch (RejectedExecutionException e) {
            throw new IOException("too many log in at this moment, try again later", e);
        }
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("hashing failed", e.getCause());
        } catch (InterruptedException e) {
            answer.cancel(false);
            hashing.remove(answer); // its place is free for who still waits
            throw new InterruptedIOException("the login was given up");
        }
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
