package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpConnectionTest {
    private static final int LIMIT = 64 * 1024;
    private static final Duration KEEPALIVE = Duration.ofSeconds(5);

    @AutoClose
    private final Loopback loopback = new Loopback();

    @Test
    void readsMessagesOfALengthAndSoManyBytes() throws IOException {
        TcpConnection tcp = tcpOf("00000004 00000002 00000007 00000000 616263");

        assertThat(read(tcp)).isEqualTo(hex("00000002"));
        assertThat(read(tcp)).isEqualTo(hex("00000000 616263"));
        assertThatThrownBy(() -> read(tcp)).isInstanceOf(EOFException.class);
    }

    @Test
    void readsTheLongestMessage() throws IOException {
        TcpConnection tcp = tcpOf("00010000" + "5a".repeat(LIMIT));

        assertThat(read(tcp)).hasSize(LIMIT).containsOnly(0x5a);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00010001", "7fffffff", "80000000", "ffffffff"})
    void refusesLengthsOverTheLimit(String length) throws IOException {
        TcpConnection tcp = tcpOf(length + "00000000");

        assertThatThrownBy(() -> read(tcp))
                .isInstanceOf(ConnectionClosedException.class)
                .hasMessage("a length passes the size limit")
                .extracting("code")
                .isEqualTo(CloseCode.TOO_LARGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000", "00000001", "00000003"})
    void refusesLengthsWithoutRoomForAType(String length) throws IOException {
        TcpConnection tcp = tcpOf(length + "00000000");

        assertThatThrownBy(() -> read(tcp))
                .isInstanceOf(ConnectionClosedException.class)
                .hasMessage("a length has no room for a type")
                .extracting("code")
                .isEqualTo(CloseCode.PROTOCOL_ERROR);
    }

    @Test
    void knowsSinceWhenAMessageIsIncomplete() throws IOException {
        TcpConnection tcp = tcpOf("00000004 00000002 000000");
        assertThat(tcp.readingSince()).isZero();

        read(tcp);
        assertThat(tcp.readingSince()).isZero();
        assertThatThrownBy(() -> read(tcp)).isInstanceOf(EOFException.class);
        assertThat(tcp.readingSince()).isNotZero();
    }

    @Test
    void writesALengthAndTheMessage() throws IOException {
        TcpConnection tcp = tcpOf("");
        Frame frame = tcp.framing().frame(new Payload(false, hex("00000001 00 0000")));

        tcp.write(frame, () -> null);
        tcp.write(tcp.ping(), () -> null);
        tcp.write(tcp.closeFrame(CloseCode.RESTART), () -> null);

        assertThat(loopback.received()).isEqualTo(hex("00000007 00000001 00 0000 00000004 00000002"));
    }

    @Test
    void owesAKeepaliveWhenNothingWasWrittenForSoLong() throws IOException {
        TcpConnection tcp = tcpOf("");
        long before = System.nanoTime();
        tcp.write(tcp.ping(), () -> null);
        long after = System.nanoTime();

        assertThat(tcp.keepalive(before + KEEPALIVE.toNanos() - 1)).isEmpty();
        assertThat(tcp.keepalive(after + KEEPALIVE.toNanos() + 1)).contains(tcp.ping());
    }

    private TcpConnection tcpOf(String digits) throws IOException {
        return new TcpConnection(loopback.wireOf(hex(digits)), LIMIT, KEEPALIVE);
    }

    private static byte[] read(TcpConnection tcp) throws IOException {
        return tcp.read(answer -> {
                    throw new AssertionError("nothing is answered here");
                })
                .orElseThrow()
                .bytes();
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }
}
