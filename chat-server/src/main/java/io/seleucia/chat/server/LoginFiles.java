package io.seleucia.chat.server;

import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.lang.System.Logger;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Who may come in and what they may do, by the files that the settings name: accounts, the key of tokens, rules. One
 * thread looks every few seconds whether they have changed, and writes down who has logged in.
 */
final class LoginFiles implements Authenticator, AutoCloseable {
    private static final Logger LOG = System.getLogger(LoginFiles.class.getName());
    private static final long LOOK_MILLIS = 2_000;
    private static final int LOOKS_PER_WRITE = 5;

    private final Optional<Accounts> accounts;
    private final Optional<Watched<Tokens>> tokens;
    private final Optional<Watched<Rules>> rules;
    private final boolean guests;
    private final boolean ignoresAuthorization;
    private final CountDownLatch closed = new CountDownLatch(1);
    private int looks; // the thread's own
    private final Thread thread = Thread.ofPlatform().daemon().name("files").unstarted(this::run);

    /**
     * Reads the files.
     *
     * @throws IOException if one can't be used; the message says which, and what is wrong
     */
    LoginFiles(Settings settings) throws IOException {
        accounts = settings.isGiven(Setting.USERS_FILE)
                ? Optional.of(new Accounts(settings.file(Setting.USERS_FILE)))
                : Optional.empty();
        tokens = settings.isGiven(Setting.TOKEN_KEY_FILE)
                ? Optional.of(new Watched<>(
                        settings.file(Setting.TOKEN_KEY_FILE), Tokens::hasSecret, file -> tokens(file, settings)))
                : Optional.empty();
        rules = settings.isGiven(Setting.RULES_FILE)
                ? Optional.of(new Watched<>(settings.file(Setting.RULES_FILE), rules -> false, LoginFiles::rules))
                : Optional.empty();
        guests = settings.guests();
        ignoresAuthorization = settings.isOn(Setting.IGNORE_AUTHORIZATION);
        if (accounts.isPresent() || tokens.isPresent() || rules.isPresent()) {
            thread.start();
        }
    }

    /** Has a server let in who is to be let in. */
    void apply(ChatServerBuilder server) {
        server.guests(guests);
        if (ignoresAuthorization) {
            server.ignoreAuthorization();
        }
        if (accounts.isPresent() || tokens.isPresent()) {
            server.authenticator(this);
        }
        if (rules.isPresent()) {
            Watched<Rules> watched = rules.get();
            server.authorizer(
                    (user, action, channel, content) -> watched.value().allows(user, action, channel, content));
        }
    }

    private static Tokens tokens(Path file, Settings settings) throws IOException {
        Optional<Tokens.Algorithm> algorithm = settings.tokenAlgorithm();
        Tokens tokens = algorithm.isPresent() ? Tokens.read(file, algorithm.get()) : Tokens.read(file);
        return settings.isGiven(Setting.TOKEN_AUDIENCE)
                ? tokens.withAudience(settings.text(Setting.TOKEN_AUDIENCE))
                : tokens;
    }

    private static Rules rules(Path file) throws IOException {
        try {
            return Rules.parse(new OwnerFile(file).lines());
        } catch (ParseException e) {
            throw new IOException(file + ", line " + e.getErrorOffset() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<User> authenticate(Credentials credentials, String address) throws IOException {
        return switch (credentials) {
            case Credentials.Password password ->
                accounts.isPresent() ? accounts.get().authenticate(password, address) : Optional.empty();
            case Credentials.Token token ->
                tokens.flatMap(known -> known.value().authenticate(token, address));
        };
    }

    /** Where there are tokens, a name that is no account's may be that of somebody with a token. */
    @Override
    public Optional<Boolean> hasAccount(String name) {
        Optional<Boolean> account = accounts.flatMap(known -> known.hasAccount(name));
        return tokens.isPresent() ? account.filter(has -> has) : account;
    }

    @Override
    public boolean knows(String name, String address) {
        return accounts.filter(known -> known.knows(name, address)).isPresent();
    }

    @Override
    public boolean holds(User user) {
        return user.issued().isPresent() || accounts.isEmpty() || accounts.get().holds(user);
    }

    /** Returns which files can't be read or used any more, and why, for an operator. Any thread; does not block. */
    List<String> flaws() {
        return Stream.of(accounts.flatMap(Accounts::flaw), tokens.flatMap(Watched::flaw), rules.flatMap(Watched::flaw))
                .flatMap(Optional::stream)
                .toList();
    }

    private void run() {
        Loop.run(LOG, "reading changed files", () -> closed.getCount() > 0, () -> {
            if (closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            accounts.ifPresent(file -> Loop.attempt(LOG, "reading the changed users file", file::look));
            tokens.ifPresent(file -> Loop.attempt(LOG, "reading the changed key of tokens", file::look));
            rules.ifPresent(file -> Loop.attempt(LOG, "reading the changed rules file", file::look));
            if (++looks % LOOKS_PER_WRITE == 0) {
                writeLastLogins();
            }
        });
        writeLastLogins();
    }

    private void writeLastLogins() {
        accounts.ifPresent(file -> Loop.attempt(LOG, "writing last logins", file::writeLastLogins));
    }

    /** Writes down who has logged in, and reads no more. Blocks for the time of that. */
    @Override
    public void close() {
        closed.countDown();
        accounts.ifPresent(Accounts::close);
        try {
            if (thread.isAlive()) {
                thread.join(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever closes is in a hurry
        }
    }
}
