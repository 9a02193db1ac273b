package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,        192.0.2.1,           true",
        "192.0.2.1,        192.0.2.2,           false",
        "192.0.2.1,        ::ffff:192.0.2.1,    true",
        "192.0.2.0/24,     192.0.2.255,         true",
        "192.0.2.0/24,     192.0.3.0,           false",
        "10.0.0.0/9,       10.127.255.255,      true",
        "10.0.0.0/9,       10.128.0.0,          false",
        "192.0.2.4/30,     192.0.2.7,           true",
        "192.0.2.4/30,     192.0.2.8,           false",
        "0.0.0.0/0,        203.0.113.1,         true",
        "0.0.0.0/0,        2001:db8::1,         false",
        "2001:db8::/33,    2001:db8:7fff::1,    true",
        "2001:db8::/33,    2001:db8:8000::1,    false",
        "::1,              0:0:0:0:0:0:0:1,     true",
        "unix,             127.0.0.1,           false"
    })
    void includeTheAddressesOfTheirNetworks(String proxy, String address, boolean included) throws Exception {
        assertThat(TrustedProxies.of(Set.of(proxy)).include(InetAddress.getByName(address)))
                .isEqualTo(included);
    }

    @Test
    void areAllThatAreNamed() throws Exception {
        TrustedProxies both = TrustedProxies.of(List.of("192.0.2.1", "10.0.0.0/8"));
        assertThat(both.include(InetAddress.getByName("192.0.2.1"))).isTrue();
        assertThat(both.include(InetAddress.getByName("10.1.2.3"))).isTrue();
        assertThat(both.includeUnix()).isFalse();
        assertThat(TrustedProxies.of(Set.of("unix")).includeUnix()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "localhost", "192.0.2", "192.0.2.1/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2.0/-1",
                        "192.0.2.0/024",
                "2001:db8::/129", "2001:db8::1/64", "[::1]", "fe80::1%eth0", "*", "192.0.2.1:80", "UNIX", "10.0.0.0/8/8"
            })
    void refuseWhatIsNone(String proxy) {
        assertThatThrownBy(() -> TrustedProxies.of(Set.of(proxy)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a trusted proxy must be an address");
    }
}
