package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionTest {
    private final Admission admission = new Admission(Limits.DEFAULT.withMaxConnectionsPerAddress(1));

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

        admission.leave(InetAddress.getByName(first));
        if (same) {
            assertThat(admission.admit(InetAddress.getByName(second))).isTrue();
        }
    }
}
