package io.seleucia.chat.server;

import com.google.gson.JsonObject;
import io.seleucia.chat.CallException;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * Authentication and authorization by the files that the settings name: accounts, token keys and rules. One thread checks
 * every few seconds whether they have changed, and saves the last logins.
 */
final class LoginFiles implements Authenticator, AutoCloseable {
    private static final Logger LOG = System.getLogger(LoginFiles.class.getName());
    private static final String STAY_SIGNED_IN = "stay-signed-in"; // the method that clients call
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final int LOOKS_PER_WRITE = 5;

    private final Optional<Accounts> accounts;
    private final Optional<DeviceTokens> devices;
    private final Optional<ReloadingFile<Tokens>> tokens;
    private final Optional<ReloadingFile<Rules>> rules;
    private final boolean guests;
    private final List<String> reservedNames;
    private final boolean ignoresAuthorization;
    private final CountDownLatch closed = new CountDownLatch(1);
    private int looks; // only for the thread
    private volatile Runnable rulesChanged = () -> {};
    private final Thread thread = Thread.ofPlatform().daemon().name("files").unstarted(this::run);

    /**
     * Reads the files.
     *
     * @throws IOException if a file can't be used; the message says which one and why
     */
    LoginFiles(Settings settings) throws IOException {
        accounts = settings.isGiven(Setting.USERS_FILE)
                ? Optional.of(new Accounts(settings.file(Setting.USERS_FILE), settings.reservedNames()))
                : Optional.empty();
        devices = accounts.flatMap(known -> settings.staySignedIn())
                .map(lifetime -> new DeviceTokens(settings.file(Setting.USERS_FILE), lifetime));
        tokens = settings.isGiven(Setting.TOKEN_KEY_FILE)
                ? Optional.of(new ReloadingFile<>(
                        settings.file(Setting.TOKEN_KEY_FILE), Tokens::hasSecret, file -> tokens(file, settings)))
                : Optional.empty();
        rules = settings.isGiven(Setting.RULES_FILE)
                ? Optional.of(new ReloadingFile<>(settings.file(Setting.RULES_FILE), rules -> false, LoginFiles::rules))
                : Optional.empty();
        guests = settings.guests();
        reservedNames = settings.list(Setting.RESERVED_NAMES);
        ignoresAuthorization = settings.isOn(Setting.IGNORE_AUTHORIZATION);
        if (accounts.isPresent() || tokens.isPresent() || rules.isPresent()) {
            thread.start();
        }
    }

    void apply(ChatServerBuilder server) {
        server.guests(guests).reservedNames(reservedNames);
        if (ignoresAuthorization) {
            server.ignoreAuthorization();
        }
        if (accounts.isPresent() || tokens.isPresent()) {
            server.authenticator(this);
        }
        if (devices.isPresent()) {
            server.method(STAY_SIGNED_IN, (user, data) -> staySignedIn(user));
        }
        if (rules.isPresent()) {
            ReloadingFile<Rules> watched = rules.get();
            server.authorizer(
                    (user, action, channel, content) -> watched.value().allows(user, action, channel, content));
        }
    }

    /** Sets an action that runs whenever new rules are in force, in the thread that reads the files. */
    void whenRulesChange(Runnable action) {
        rulesChanged = action;
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
            return Rules.parse(new PrivateFile(file).lines());
        } catch (ParseException e) {
            throw new IOException(file + ", line " + e.getErrorOffset() + ": " + e.getMessage(), e);
        }
    }

    /** No token is accepted for a disabled account. */
    @Override
    public Optional<User> authenticate(Credentials credentials, String address) throws IOException {
        return switch (credentials) {
            case Credentials.Password password ->
                accounts.isPresent() ? accounts.get().authenticate(password, address) : Optional.empty();
            case Credentials.Token token ->
                devices.isPresent() && token.token().startsWith(DeviceTokens.PREFIX)
                        ? byDevice(token.token(), address)
                        : tokens.flatMap(known -> known.value().authenticate(token, address))
                                .filter(user -> !isDisabled(user.name()));
        };
    }

    private Optional<User> byDevice(String token, String address) throws IOException {
        Optional<User> user = devices.orElseThrow().user(token, accounts.orElseThrow()::usable, Instant.now());
        user.ifPresent(found -> accounts.orElseThrow().noteLogin(found.name(), address));
        return user;
    }

    /** Issues a token to a client that has logged in with its password: a token does not beget another one. */
    private Content staySignedIn(User user) throws CallException {
        Optional<Account> account = accounts.orElseThrow().held(user);
        Optional<Instant> login = Accounts.passwordLogin(user);
        if (account.isEmpty() || login.isEmpty()) {
            throw new CallException(ErrorCode.FORBIDDEN, "log in with a password to stay signed in");
        }
        try {
            DeviceTokens.Issued issued = devices.orElseThrow().issue(account.get(), login.get(), Instant.now());
            if (issued.lifetime().toSeconds() <= 0) {
                throw new CallException(ErrorCode.FORBIDDEN, "log in with the password again to stay signed in");
            }
            JsonObject result = new JsonObject();
            result.addProperty("token", issued.token());
            result.addProperty("expires", issued.lifetime().toSeconds());
            return new Content.Json(result.toString());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "no device can stay signed in: " + e.getMessage());
            throw new CallException(ErrorCode.UNAVAILABLE, "this server can't keep devices signed in just now");
        }
    }

    /** Returns whether a name has an account. Unknown if tokens are configured and it has none: a token may have the name. */
    @Override
    public Optional<Boolean> hasAccount(String name) {
        Optional<Boolean> account = accounts.flatMap(known -> known.hasAccount(name));
        return tokens.isPresent() ? account.filter(has -> has) : account;
    }

    @Override
    public Optional<Boolean> hasAccountLike(String skeleton) {
        return accounts.flatMap(known -> known.hasAccountLike(skeleton));
    }

    @Override
    public boolean knows(String name, String address) {
        return accounts.filter(known -> known.knows(name, address)).isPresent();
    }

    private boolean isDisabled(String name) {
        return accounts.filter(known -> known.isDisabled(name)).isPresent();
    }

    @Override
    public boolean holds(User user) {
        return !isDisabled(user.name())
                && (user.issued().isPresent() && user.version().isEmpty()
                        || accounts.isEmpty()
                        || accounts.get().holds(user));
    }

    /** Reads the users file again now, if it has changed. Blocks for that. */
    void readAccounts() {
        accounts.ifPresent(Accounts::look);
    }

    /** Returns which files can't be used any more and why, for an operator. Any thread; does not block. */
    List<String> flaws() {
        return Stream.of(
                        accounts.flatMap(Accounts::flaw),
                        tokens.flatMap(ReloadingFile::flaw),
                        rules.flatMap(ReloadingFile::flaw))
                .flatMap(Optional::stream)
                .toList();
    }

    private void run() {
        Loop.every(LOOK, LOG, "reading changed files", closed, () -> {
            accounts.ifPresent(file -> Loop.attempt(LOG, "reading the changed users file", file::look));
            tokens.ifPresent(file -> Loop.attempt(LOG, "reading the changed key of tokens", file::look));
            rules.ifPresent(file -> Loop.attempt(LOG, "reading the changed rules file", () -> {
                if (file.look()) {
                    rulesChanged.run();
                }
            }));
            if (++looks % LOOKS_PER_WRITE == 0) {
                writeLastLogins();
            }
        });
        writeLastLogins();
    }

    private void writeLastLogins() {
        accounts.ifPresent(file -> Loop.attempt(LOG, "writing last logins", file::writeLastLogins));
    }

    /** Saves the last logins and stops reading the files. Blocks until they are saved, two seconds at the most. */
    @Override
    public void close() {
        closed.countDown();
        accounts.ifPresent(Accounts::close);
        try {
            if (thread.isAlive()) {
                thread.join(LOOK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller does not want to wait
        }
    }
}
