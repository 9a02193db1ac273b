package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.Eventually;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.ReservedNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Logins under attack. Patience is short: a login that would have to wait for longer is refused. */
@Timeout(60)
@Concurrent
class LoginsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Map<String, String> PASSWORDS = Map.of("ada", "secret", "mallory", "hers");
    private static final Authenticator PLAIN = (credentials, address) -> {
        Credentials.Password given = (Credentials.Password) credentials;
        return given.password().equals(PASSWORDS.get(given.user()))
                ? Optional.of(new User(given.user()))
                : Optional.empty();
    };

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);

    @AfterEach
    void close() {
        broker.close();
    }

    private Logins logins(Authenticator authenticator, Duration timeout) {
        return new Logins(
                Optional.of(authenticator),
                Optional.empty(),
                true,
                ReservedNames.DEFAULT,
                timeout,
                new ControlChannel(broker, order -> {}));
    }

    /** What came of a login; empty for a success. */
    private static Optional<ErrorCode> login(Logins logins, String user, String password, String address) {
        try {
            logins.login(new Credentials.Password(user, password), address + ":1234", Duration.ofDays(1));
            return Optional.empty();
        } catch (LoginException e) {
            return Optional.of(e.code());
        }
    }

    private static int guessesUntilRefused(Logins logins, Runnable between) {
        for (int guesses = 0; guesses < 12; guesses++) {
            if (login(logins, "ada", "guess " + guesses, "10.0.0.1").equals(Optional.of(ErrorCode.RATE_LIMITED))) {
                return guesses;
            }
            between.run();
        }
        return 12;
    }

    @Test
    void anAccountOfOnesOwnDoesNotHelpToGuess() {
        Logins logins = logins(PLAIN, PATIENCE);

        int guesses = guessesUntilRefused(
                logins,
                () -> assertThat(login(logins, "mallory", "hers", "10.0.0.1")).isEmpty());

        assertThat(guesses).isLessThan(10); // the pause is a minute long by then, and a slow machine takes seconds
        assertThat(login(logins, "ada", "secret", "10.0.0.1"))
                .as("even if it were right")
                .contains(ErrorCode.RATE_LIMITED);
    }

    @Test
    void guessesFromManyNetworksCountTogether() {
        Logins logins = logins(PLAIN, PATIENCE);
        AtomicInteger guesses = new AtomicInteger();
        while (login(logins, "ada", "guess", "10.0.0." + guesses).equals(Optional.of(ErrorCode.UNAUTHORIZED))) {
            assertThat(guesses.incrementAndGet()).isLessThan(10);
        }

        assertThat(login(logins, "nobody", "guess", "10.0.0.0"))
                .as("a name of no account is slowed down in the same way")
                .contains(ErrorCode.UNAUTHORIZED);
        assertThat(login(logins, "mallory", "hers", "10.1.0.0")).isEmpty();
    }

    @Test
    void manyGuessesAtOnceAreNotMore() throws Exception {
        AtomicInteger checked = new AtomicInteger();
        Logins logins = logins(
                (credentials, address) -> {
                    checked.incrementAndGet();
                    return PLAIN.authenticate(credentials, address);
                },
                PATIENCE);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 64; i++) {
                String address = "10.0.0." + i;
                threads.submit(() -> login(logins, "ada", "guess", address));
            }
        }

        assertThat(checked.get()).isLessThan(5);
    }

    @Test
    void anOwnerIsNotLockedOutByStrangers() {
        Logins logins = logins(PLAIN, PATIENCE);
        assertThat(login(logins, "ada", "secret", "2001:db8:0:1:0:0:0:1")).isEmpty();
        guessesUntilRefused(logins, () -> {});

        assertThat(login(logins, "ada", "secret", "2001:db8:0:1:a:b:c:d"))
                .as("where it is known")
                .isEmpty();
        assertThat(login(logins, "ada", "secret", "2001:db8:0:2:0:0:0:1"))
                .as("in another network")
                .contains(ErrorCode.RATE_LIMITED);
    }

    @Test
    void aCrowdInOneNetworkDoesNotKeepTheOwnerOutElsewhere() throws Exception {
        CountDownLatch begin = new CountDownLatch(1);
        List<String> checked = Collections.synchronizedList(new ArrayList<>());
        Logins logins = logins(
                (credentials, address) -> {
                    checked.add(((Credentials.Password) credentials).password());
                    try {
                        begin.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    return PLAIN.authenticate(credentials, address);
                },
                Duration.ofSeconds(10));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(waiting(() -> login(logins, "ada", "guess", "10.0.0.1")));
        }
        Thread owner = waiting(() -> login(logins, "ada", "secret", "10.0.0.2"));
        begin.countDown();
        owner.join();

        assertThat(checked).startsWith("guess", "secret");
        threads.forEach(Thread::interrupt);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static Thread waiting(Runnable task) {
        Thread thread = Thread.ofVirtual().start(task);
        Eventually.eventually(
                () -> assertThat(thread.getState()).isIn(Thread.State.TIMED_WAITING, Thread.State.WAITING));
        return thread;
    }

    @Test
    void anOwnerIsKnownToTheAuthenticatorToo() {
        Logins logins = logins(
                new Authenticator() {
                    @Override
                    public Optional<User> authenticate(Credentials credentials, String address)
                            throws java.io.IOException {
                        return PLAIN.authenticate(credentials, address);
                    }

                    @Override
                    public boolean knows(String name, String address) {
                        if (name.equals("faulty")) {
                            throw new IllegalStateException("a fault of the authenticator");
                        }
                        return name.equals("ada") && address.equals("10.0.0.9");
                    }
                },
                PATIENCE);
        guessesUntilRefused(logins, () -> {});

        assertThat(login(logins, "ada", "secret", "10.0.0.9")).isEmpty();
        assertThat(login(logins, "faulty", "x", "10.0.0.9")).contains(ErrorCode.UNAUTHORIZED);
    }

    @Test
    void aSiteIsOneNetworkWithIpv6() throws Exception {
        int few = 32;
        CountDownLatch full = new CountDownLatch(few);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Logins logins = logins(
                (credentials, address) -> {
                    if (address.startsWith("2001")) {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        full.countDown();
                        try {
                            end.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        running.decrementAndGet();
                    }
                    return Optional.of(new User("ada"));
                },
                Duration.ofMinutes(1));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 3 * few; i++) {
                String address = "2001:db8:0:1:0:0:0:" + Integer.toHexString(i);
                String user = "user" + i;
                all.add(threads.submit(() -> login(logins, user, "x", address)));
            }
            full.await();

            assertThat(login(logins, "ada", "x", "10.0.0.1"))
                    .as("others do not wait")
                    .isEmpty();
            end.countDown();
            for (Future<?> one : all) {
                assertThat(one.get()).isEqualTo(Optional.empty());
            }
        }
        assertThat(most.get()).isEqualTo(few);
    }

    @Test
    void areRefusedWhereThereAreOnlyGuests() {
        Logins logins = new Logins(
                Optional.empty(),
                Optional.empty(),
                true,
                ReservedNames.DEFAULT,
                PATIENCE,
                new ControlChannel(broker, order -> {}));

        assertThatThrownBy(() -> logins.login(new Credentials.Token("x"), "10.0.0.1:1", PATIENCE))
                .isInstanceOf(LoginException.class);
    }
}
