package io.seleucia.chat.accept;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.session.Bans;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionLimiterTest {
    private final ConnectionLimiter admission = new ConnectionLimiter(
            new AcceptLimits(100, 1, 1 << 20, Duration.ofSeconds(10), Duration.ofSeconds(10)),
            new Bans(),
            MemoryBudget.ofBytes(1 << 20),
            false);

    @ParameterizedTest
    @CsvSource({
        "2001:db8::1,            2001:db8::2,             true",
        "2001:db8::1,            2001:db8::ffff:0:0:1,    true",
        "2001:db8::1,            2001:db8:0:1::1,         false",
        "192.0.2.1,              192.0.2.1,               true",
        "192.0.2.1,              192.0.2.2,               false",
        "192.0.2.1,              ::ffff:192.0.2.1,        true",
        "192.0.2.1,              64:ff9b::192.0.2.1,      true",
        "64:ff9b::192.0.2.1,     64:ff9b::192.0.2.2,      false",
        "64:ff9b::1:192.0.2.1,   64:ff9b::1:192.0.2.2,    true"
    })
    void countsAnIpv6NetworkAsOneAddress(String first, String second, boolean same) throws Exception {
        assertThat(admission.admit(InetAddress.getByName(first))).isTrue();

        assertThat(admission.admit(InetAddress.getByName(second))).isEqualTo(!same);

        admission.part(InetAddress.getByName(first));
        admission.leave();
        if (same) {
            assertThat(admission.admit(InetAddress.getByName(second))).isTrue();
        }
    }

    @Test
    void answersABoundedNumberOfRefusedConnectionsAtATime() {
        Deque<ConnectionLimiter.Place> places = new ArrayDeque<>();
        for (ConnectionLimiter.Place place = admission.beginRefusal();
                place != null;
                place = admission.beginRefusal()) {
            places.add(place);
            assertThat(places).hasSizeLessThan(10_000);
        }

        assertThat(places).hasSize(1_000);
        places.pop().close();
        assertThat(admission.beginRefusal()).isNotNull();
    }
}
