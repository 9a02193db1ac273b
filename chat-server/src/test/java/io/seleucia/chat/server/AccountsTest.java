package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ReservedNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountsTest {
    private static final int FEW = 10; // iterations: these tests are not about time

    @TempDir
    private Path directory;

    private Path file;
    private Accounts accounts;

    @BeforeEach
    void open() throws Exception {
        file = directory.resolve("users");
        write(Account.of("ada", "secret", FEW), Account.of("bob", "other", FEW));
        accounts = new Accounts(file, ReservedNames.DEFAULT);
    }

    @AfterEach
    void close() {
        accounts.close();
    }

    private void write(Account... all) throws IOException {
        List<String> lines = new ArrayList<>(List.of("# accounts", ""));
        for (Account account : all) {
            lines.add(account.line());
        }
        new PrivateFile(file).change(before -> lines);
    }

    private Optional<User> login(String user, String password) throws IOException {
        return accounts.authenticate(new Credentials.Password(user, password), "10.0.0.1");
    }

    @Test
    void tellWhoHasWhichPassword() throws Exception {
        assertThat(login("ada", "secret").map(User::name)).contains("ada");
        assertThat(login("ada", "Secret")).isEmpty();
        assertThat(login("ada", "other")).isEmpty();
        assertThat(login("Ada", "secret")).isEmpty();
        assertThat(login("nobody", "nothing")).isEmpty();
        assertThat(accounts.authenticate(new Credentials.Token("secret"), "10.0.0.1"))
                .isEmpty();
        assertThat(accounts.hasAccount("ada")).contains(true);
        assertThat(accounts.hasAccount("carl")).contains(false);
    }

    @ParameterizedTest
    @CsvSource({"ada, secret", "ada, wrong", "nobody, wrong", "ada, ''", "nobody, ''"})
    void doTheSameWorkForEveryLogin(String user, String password) throws Exception {
        assertHashedOnceByEach(user, password);
    }

    @Test
    void doTheSameWorkForAPasswordThatIsTooLong() throws Exception {
        assertThat(login("ada", "x".repeat(100_000))).isEmpty();
        assertHashedOnceByEach("nobody", "x".repeat(100_000));
    }

    /** Combining marks whose classes fall: to normalise them takes time by the square of their number. */
    @Test
    void areNotKeptBusyByAPasswordThatIsHardToNormalise() throws Exception {
        String marks = "a" + "\u0301".repeat(500_000) + "\u0316".repeat(500_000);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<User>>> hostile = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                hostile.add(threads.submit(() -> login("ada", marks)));
            }
            assertThat(accounts.authenticate(new Credentials.Password("bob", "other"), "10.0.0.2"))
                    .isPresent();
            for (Future<Optional<User>> login : hostile) {
                assertThat(login.get(60, TimeUnit.SECONDS)).isEmpty();
            }
        }
    }

    @Test
    void haveNetworksTakeTurns() throws Exception {
        write(Account.of("slow", "secret", 300_000), Account.of("ada", "secret", FEW));
        accounts.look();
        AtomicInteger done = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> crowd = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                String address = "2001:db8:0:1:0:0:0:" + i;
                crowd.add(threads.submit(() -> {
                    accounts.authenticate(new Credentials.Password("slow", "secret"), address);
                    return done.incrementAndGet();
                }));
            }
            awaitHashed(accounts.hashed() + 1); // so the crowd is in line

            assertThat(accounts.authenticate(new Credentials.Password("ada", "secret"), "2001:db8:0:2:0:0:0:1"))
                    .isPresent();

            assertThat(done.get()).as("those before it").isLessThan(20);
            crowd.forEach(login -> login.cancel(true));
        }
    }

    @Test
    void knowFromWhereAnAccountHasLoggedInBeforeTheStart() throws Exception {
        assertThat(accounts.knows("ada", "10.0.0.1")).isFalse();
        login("ada", "secret");
        login("bob", "wrong");
        assertThat(accounts.knows("ada", "10.0.0.1")).isTrue();
        accounts.writeLastLogins();

        try (Accounts next = new Accounts(file, ReservedNames.DEFAULT)) {
            assertThat(next.knows("ada", "10.0.0.1")).isTrue();
            assertThat(next.knows("ada", "10.0.0.2")).isFalse();
            assertThat(next.knows("bob", "10.0.0.1")).isFalse();
        }
    }

    @Test
    void takeAPasswordThatIsLongBeforeItIsNormalised() throws Exception {
        write(Account.of("ada", "\uac01".repeat(300), FEW));
        accounts.look();

        assertThat(login("ada", "\u1100\u1161\u11a8".repeat(300))).isPresent();
    }

    /** A thread counts a moment after it has answered. */
    private void assertHashedOnceByEach(String user, String password) throws Exception {
        long before = accounts.hashed();
        for (int i = 0; i < 10; i++) {
            login(user, password);
        }
        awaitHashed(before + 10);
        assertThat(accounts.hashed() - before).isBetween(10L, 11L); // the one before may have counted late
    }

    private void awaitHashed(long number) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (accounts.hashed() < number && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void takeAPasswordHoweverItIsComposed() throws Exception {
        write(Account.of("ada", "caf\u00e9", FEW));
        accounts.look();

        assertThat(login("ada", "cafe\u0301")).isPresent();
        assertThat(login("ada", "cafe")).isEmpty();
    }

    @Test
    void readTheFileAgainWhenItHasChanged() throws Exception {
        User ada = login("ada", "secret").orElseThrow();
        User bob = login("bob", "other").orElseThrow();
        write(Account.of("ada", "changed", FEW), Account.of("carl", "new", FEW));

        accounts.look();

        assertThat(login("ada", "secret")).isEmpty();
        assertThat(login("carl", "new")).isPresent();
        assertThat(accounts.holds(ada)).as("its password has changed").isFalse();
        assertThat(accounts.holds(bob)).as("it is gone").isFalse();
        assertThat(accounts.holds(login("ada", "changed").orElseThrow())).isTrue();
    }

    @Test
    void keepWhatTheyKnowWhileTheFileIsBroken() throws Exception {
        User ada = login("ada", "secret").orElseThrow();
        Files.writeString(file, "ada:secret\n");
        accounts.look();
        accounts.look();
        assertThat(accounts.holds(ada)).isTrue();
        assertThat(login("bob", "other")).isPresent();

        Files.delete(file);
        accounts.look();
        assertThat(accounts.holds(ada)).isTrue();

        write(Account.of("bob", "other", FEW));
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
        accounts.look();
        assertThat(accounts.holds(ada)).isFalse();
    }

    @Test
    void sayWhichLineIsBrokenAndNothingOfIt() throws Exception {
        Files.writeString(file, Account.of("ada", "secret", FEW).line() + "\nbob\tsecret\n");
        assertThatThrownBy(() -> new Accounts(file, ReservedNames.DEFAULT))
                .hasMessageContaining("users, line 2 must be a name")
                .hasMessageNotContaining("secret");

        Account ada = Account.of("ada", "secret", FEW);
        Files.writeString(file, ada.line() + "\n" + ada.line() + "\n");
        assertThatThrownBy(() -> new Accounts(file, ReservedNames.DEFAULT))
                .hasMessageContaining("line 2: an earlier line has the same name");

        Files.delete(file);
        assertThatThrownBy(() -> new Accounts(file, ReservedNames.DEFAULT))
                .hasMessageContaining("does not exist; make it with: user add");
        assertThat(ada.toString()).doesNotContain(ada.salt()).doesNotContain(ada.hash());
    }

    @Test
    void warnOfNamesThatLookAlikeAndLetThemIn() throws Exception {
        write(
                Account.of("ada", "secret", FEW),
                Account.of("operator", "secret", FEW),
                Account.of("\u0430da", "secret", FEW));
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
        accounts.look();

        assertThat(accounts.flaw()).isEmpty();
        assertThat(login("\u0430da", "secret")).isPresent();
        assertThat(login("operator", "secret")).isPresent();
        assertThat(accounts.hasAccountLike("ada")).contains(true);
        assertThat(accounts.hasAccountLike("bob")).contains(false);
        assertThat(Account.likenesses(Files.readAllLines(file), ReservedNames.DEFAULT))
                .containsExactly(
                        "line 4: this name is reserved, or looks like a reserved one: remove it",
                        "lines 3 and 5: the names of these accounts look alike, remove one of them");
    }

    @Test
    void refuseALoginWhenTooManyWait() throws Exception {
        write(Account.of("slow", "secret", 3_000_000), Account.of("ada", "secret", FEW));
        accounts.look();
        AtomicInteger refused = new AtomicInteger();
        CountDownLatch first = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> logins = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                logins.add(threads.submit(() -> {
                    try {
                        login("slow", "secret");
                    } catch (IOException e) {
                        if (e.getMessage().equals("too many logins at the same time, try again later")) {
                            refused.incrementAndGet();
                            first.countDown();
                        }
                    }
                    return null;
                }));
            }
            assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
            logins.forEach(login -> login.cancel(true)); // who does not wait any more costs nothing more
        }
        assertThat(refused.get()).isPositive();
        assertThat(login("ada", "secret")).isPresent();
    }

    @Test
    void writeDownLastLoginsBesideTheFile() throws Exception {
        byte[] users = Files.readAllBytes(file);
        login("ada", "secret");
        login("bob", "wrong");
        accounts.writeLastLogins();

        LastLogins lastLogins = new LastLogins(file);
        assertThat(lastLogins.all()).containsOnlyKeys("ada");
        assertThat(lastLogins.all().get("ada").address()).isEqualTo("10.0.0.1");
        assertThat(Files.readAllBytes(file)).isEqualTo(users);

        // Another server that shares the file writes too.
        try (Accounts others = new Accounts(file, ReservedNames.DEFAULT)) {
            others.authenticate(new Credentials.Password("bob", "other"), "10.0.0.2");
            others.writeLastLogins();
        }
        login("ada", "secret");
        accounts.writeLastLogins();
        assertThat(lastLogins.all()).containsOnlyKeys("ada", "bob");

        write(Account.of("bob", "other", FEW));
        accounts.look();
        login("bob", "other");
        accounts.writeLastLogins();
        assertThat(lastLogins.all()).containsOnlyKeys("bob");
    }

    @Test
    void changeTheFileWithoutLosingOneAnothersChanges() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 50; i++) {
                Account account = Account.of("user" + i, "x", FEW);
                threads.submit(() -> {
                    new PrivateFile(file).change(lines -> {
                        List<String> more = new ArrayList<>(lines);
                        more.add(account.line());
                        return more;
                    });
                    return null;
                });
            }
        }

        assertThat(Account.parse(new PrivateFile(file).lines())).hasSize(52);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var left = Files.list(directory)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("users", "users.lock");
        }
    }

    @Test
    void leaveTheFileAloneIfTheChangeCanNotBeMade() throws Exception {
        List<String> before = new PrivateFile(file).lines();

        assertThatThrownBy(() -> new PrivateFile(file).change(lines -> {
                    throw new IOException("it can't be made");
                }))
                .hasMessage("it can't be made");
        assertThat(new PrivateFile(file).lines()).isEqualTo(before);
        assertThatThrownBy(() -> new PrivateFile(directory.resolve("no/users")).change(lines -> lines))
                .hasMessageContaining("the directory of");
    }

    @Test
    void followALink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);

        new PrivateFile(link).change(lines -> List.of("# empty"));

        assertThat(link).isSymbolicLink();
        assertThat(Files.readString(file)).isEqualTo("# empty\n");
    }
}
