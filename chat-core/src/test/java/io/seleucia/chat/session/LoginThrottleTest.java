package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Credentials;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long LIMIT = 100 * SECOND;

    private final LoginThrottle pauses =
            new LoginThrottle(Duration.ofSeconds(1), Duration.ofSeconds(8), Duration.ofMinutes(10), 100);

    private LoginThrottle.Attempt attempt(String account, String network) {
        return pauses.attempt(new Credentials.Password(account, "x"), network);
    }

    private LoginThrottle.Attempt token(String network) {
        return pauses.attempt(new Credentials.Token("x"), network);
    }

    private OptionalLong enter(LoginThrottle.Attempt attempt, long now) {
        return pauses.enter(attempt, pauses.knows(attempt), now, LIMIT);
    }

    private void fail(int times, String account, String network) {
        for (int i = 0; i < times; i++) {
            pauses.failed(attempt(account, network), 0);
        }
    }

    @Test
    void growWithEveryFailureUpToABound() {
        long now = 5;
        assertThat(enter(attempt("ada", "a"), now)).hasValue(0);
        for (long pause : new long[] {1, 2, 4, 8, 8, 8}) {
            pauses.failed(attempt("ada", "a"), now);
            assertThat(enter(attempt("ada", "a"), now)).hasValue(pause * SECOND);
            now += pause * SECOND; // when its turn has come, it fails again
        }
        assertThat(enter(attempt("bob", "b"), now)).as("another network").hasValue(0);
    }

    @Test
    void haveTriesStandInLine() {
        fail(1, "ada", "a");

        assertThat(enter(attempt("ada", "a"), 0)).hasValue(SECOND);
        assertThat(enter(attempt("bob", "a"), 0)).hasValue(2 * SECOND);
        assertThat(pauses.enter(attempt("bob", "a"), false, 0, 2 * SECOND))
                .as("longer than it would wait")
                .isEmpty();
        assertThat(enter(attempt("ada", "a"), 0))
                .as("who did not wait has no place")
                .hasValue(3 * SECOND);
    }

    @Test
    void countByNetworkWhateverTheAccount() {
        for (int i = 0; i < 3; i++) {
            fail(1, "user" + i, "a");
        }

        assertThat(enter(attempt("other", "a"), 0)).hasValue(4 * SECOND);
    }

    @Test
    void countByAccountWhateverTheNetworkAndItsCase() {
        for (int i = 0; i < 3; i++) {
            fail(1, i == 1 ? "ADA" : "ada", "network" + i);
        }

        assertThat(enter(attempt("ada", "other"), 0)).hasValue(4 * SECOND);
        assertThat(enter(attempt("bob", "other"), 0)).hasValue(0);
    }

    @Test
    void areTakenBackByASuccessOfTheSameAccountFromTheSameNetworkOnly() {
        fail(3, "victim", "a");
        fail(2, "mallory", "a");
        fail(2, "victim", "b");

        pauses.succeeded(attempt("mallory", "a"), 0);

        assertThat(enter(attempt("mallory", "a"), 0)).as("known here").hasValue(0);
        assertThat(enter(attempt("nobody", "a"), 100 * SECOND)).hasValue(0);
        assertThat(enter(attempt("nobody", "a"), 100 * SECOND))
                .as("three of five are left")
                .hasValue(4 * SECOND);

        pauses.succeeded(attempt("victim", "a"), 0);
        assertThat(enter(attempt("carl", "a"), 200 * SECOND)).hasValue(0);
        assertThat(enter(attempt("carl", "a"), 200 * SECOND)).as("none is left").hasValue(0);
        assertThat(enter(attempt("victim", "c"), 200 * SECOND)).hasValue(0);
        assertThat(enter(attempt("victim", "c"), 200 * SECOND))
                .as("those from elsewhere")
                .hasValue(2 * SECOND);
    }

    @Test
    void doNotConcernAnOwnerWhoIsKnown() {
        pauses.succeeded(attempt("ada", "home"), 0);
        fail(50, "ada", "elsewhere");
        fail(50, "bob", "home");

        assertThat(enter(attempt("ada", "home"), 0)).hasValue(0);
        assertThat(enter(attempt("ada", "new"), 0)).hasValue(8 * SECOND);

        fail(2, "ada", "home");
        assertThat(enter(attempt("ada", "home"), 0)).as("its own failures").hasValue(2 * SECOND);
    }

    @Test
    void knowEightNetworksOfAnAccount() {
        for (int i = 0; i < 9; i++) {
            pauses.succeeded(attempt("ada", "network" + i), 0);
            pauses.succeeded(attempt("ada", "network8"), 0);
        }

        assertThat(pauses.knows(attempt("ada", "network0"))).isFalse();
        assertThat(pauses.knows(attempt("ada", "network8"))).isTrue();
        assertThat(pauses.knows(attempt("bob", "network8"))).isFalse();
    }

    @Test
    void ofTokensAreApartAndAnySuccessTakesOneBack() {
        pauses.failed(token("a"), 0);
        pauses.failed(token("a"), 0);
        assertThat(enter(attempt("ada", "a"), 0)).hasValue(0);
        assertThat(enter(token("a"), 0)).hasValue(2 * SECOND);

        pauses.succeeded(token("a"), 0);
        assertThat(enter(token("a"), 100 * SECOND)).hasValue(0);
        assertThat(enter(token("a"), 100 * SECOND)).as("one is left").hasValue(SECOND);
    }

    @Test
    void areForgottenAfterAWhile() {
        fail(1, "ada", "a");
        long later = Duration.ofMinutes(11).toNanos();

        assertThat(enter(attempt("ada", "a"), later)).hasValue(0);
        pauses.failed(attempt("ada", "a"), later);
        assertThat(enter(attempt("ada", "a"), later))
                .as("as after a first failure")
                .hasValue(SECOND);
    }

    @Test
    void areNotForgottenBecauseOfOthersWithFewer() {
        fail(5, "victim", "a");
        for (int i = 0; i < 300; i++) {
            fail(1, "other" + i, "network" + i);
        }

        assertThat(enter(attempt("victim", "b"), 0)).hasValue(8 * SECOND);
        assertThat(enter(attempt("nobody", "a"), 0)).hasValue(8 * SECOND);
    }

    @Test
    void doNotBeginAnewWhereOthersWithAsManyHadThemForgotten() {
        fail(3, "victim", "a");
        for (int i = 0; i < 1_000; i++) {
            fail(1, "other" + i, "network" + i);
        }
        fail(1, "victim", "a");

        assertThat(enter(attempt("victim", "b"), 0)).hasValue(8 * SECOND);
        assertThat(enter(attempt("nobody", "a"), 0)).hasValue(8 * SECOND);
    }
}
