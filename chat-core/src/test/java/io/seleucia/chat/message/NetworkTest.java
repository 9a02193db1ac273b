package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.7, 192.0.2.7",
        "255.255.255.255, 255.255.255.255",
        "2001:db8:0:1:0:0:0:7, 2001:db8:0:1",
        "2001:db8:0:1::8, 2001:db8:0:1",
        "0:0:0:0:0:0:0:1, 0:0:0:0",
        "::1, 0:0:0:0",
        "fe80:0:0:0:1:2:3:4%eth7, fe80:0:0:0",
        "64:ff9b:0:0:0:0:c000:207, 192.0.2.7",
        "64:ff9b::192.0.2.8, 192.0.2.8",
        "::ffff:192.0.2.9, 192.0.2.9",
    })
    void isTheSameForAnAddressAndForItsText(String address, String network) throws Exception {
        assertThat(Network.textOf(address)).isEqualTo(network);
        assertThat(Network.of(InetAddress.getByName(address.replace("%eth7", ""))))
                .isEqualTo(Network.of(InetAddress.getByName(network.contains(":") ? network + "::" : network)));
    }

    @ParameterizedTest
    @CsvSource({"in-memory", "host.example", "a:b", "''", "1:2:3:4:5:6:7:8:9"})
    void leavesWhatIsNoAddressAsItIs(String text) {
        assertThat(Network.textOf(text)).isEqualTo(text);
    }
}
