package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyHeaderTest {
    private static final String MAGIC = "0d0a0d0a000d0a515549540a";
    private static final String TCP4 = "c0000201" + "c0000202" + "1234" + "01bb";

    @Test
    void readsVersion1() throws Exception {
        assertThat(read("PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\nGET")).isEqualTo("/192.0.2.1:4660 GET");
        assertThat(read("PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n")).isEqualTo("/[2001:db8:0:0:0:0:0:1]:0 ");
        assertThat(read("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n")).isEqualTo("/192.0.2.1:1 ");
    }

    @Test
    void leavesThePeersAddressIfItIsUnknown() throws Exception {
        assertThat(read("PROXY UNKNOWN\r\nGET")).isEqualTo("none GET");
        assertThat(read("PROXY UNKNOWN " + "f".repeat(91) + "\r\nGET")).isEqualTo("none GET"); // 107 bytes
    }

    @Test
    void leavesOtherBytesAlone() throws Exception {
        assertThat(read("GET / HTTP/1.1\r\n")).isEqualTo("none GET / HTTP/1.1\r\n");
        assertThat(read("PROXX")).isEqualTo("none PROXX");
        assertThat(read("PRO")).isEqualTo("none PRO");
        assertThat(read("\r\nGET /")).isEqualTo("none \r\nGET /");
    }

    @Test
    void isMissingIfThePeerSendsNothing() {
        assertThatThrownBy(() -> read("")).isInstanceOf(EndOfInputException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
                "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
                "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
                "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",
                "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
                "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
                "PROXY TCP4 localhost 192.0.2.2 1 2\r\n",
                "PROXY TCP4 192.0.2.1 localhost 1 2\r\n",
                "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
                "PROXY TCP6 2001:db8::1%eth0 2001:db8::2 1 2\r\n",
                "PROXY TCP6 2001:db8::1::2 2001:db8::2 1 2\r\n",
                "PROXY TCP6 [2001:db8::1] 2001:db8::2 1 2\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 +2\r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n\r\n",
                "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
                "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
                "PROXY UNKNOWNS\r\n",
                "PROXY \r\n",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
                "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r"
            })
    void refusesMalformedLines(String line) {
        assertThatThrownBy(() -> read(line))
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining("PROXY header");
    }

    @Test
    void refusesALineThatIsTooLong() {
        assertThatThrownBy(() -> read("PROXY UNKNOWN " + "f".repeat(92) + "\r\n"))
                .hasMessageContaining("at most 107 bytes");
        assertThatThrownBy(() -> read("PROXY UNKNOWN " + "f".repeat(10_000))).hasMessageContaining("at most 107 bytes");
    }

    @Test
    void readsVersion2() throws Exception {
        assertThat(readHex(MAGIC + "2111000c" + TCP4 + "474554")).isEqualTo("/192.0.2.1:4660 GET");
        assertThat(readHex(MAGIC + "21210024" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"
                        + "ffff0001"))
                .isEqualTo("/[2001:db8:0:0:0:0:0:1]:65535 ");
    }

    @Test
    void skipsExtensionsOfAnyLength() throws Exception {
        for (int length : new int[] {1, 227, 228, 229, 484, 485, 1000, 4096 - 12}) {
            String head = MAGIC + "2111" + "%04x".formatted(12 + length) + TCP4;
            assertThat(readHex(head + "ee".repeat(length) + "474554"))
                    .as(length + " bytes")
                    .isEqualTo("/192.0.2.1:4660 GET");
            assertThatThrownBy(() -> readHex(head + "ee".repeat(length - 1))).hasMessageContaining("ends too early");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LOCAL,                       2011000cc0000201c0000202123401bb",
        "LOCAL without addresses,     20000000",
        "unspecified,                 21000000",
        "unspecified with extensions, 21000003010000",
        "datagrams,                   2112000cc0000201c0000202123401bb",
        "datagrams of IPv6,           21220001ff"
    })
    void leavesThePeersAddress(String what, String header) throws Exception {
        assertThat(readHex(MAGIC + header + "474554")).as(what).isEqualTo("none GET");
    }

    @Test
    void leavesThePeersAddressOfAUnixSocket() throws Exception {
        assertThat(readHex(MAGIC + "213100d8" + "2f".repeat(216) + "474554")).isEqualTo("none GET");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1111000c" + TCP4, // version 1
                "3111000c" + TCP4, // version 3
                "2211000c" + TCP4, // no command
                "2141000c" + TCP4, // no family
                "2113000c" + TCP4, // no transport
                "2111000b" + "c0000201c0000202123401", // too short for its addresses
                "21210023" + "00000000000000000000000000000000000000000000000000000000000000000000ff",
                "21110000",
                "2111000c" + "c0000201", // breaks off
                "21",
                "21111001" + TCP4, // 4097
                "2111ffff" + TCP4
            })
    void refusesMalformedHeads(String header) {
        assertThatThrownBy(() -> readHex(MAGIC + header))
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining("PROXY header");
    }

    private static String readHex(String hex) throws IOException {
        return readInPieces(HexFormat.of().parseHex(hex));
    }

    private static String read(String text) throws IOException {
        return readInPieces(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads a header and what follows, once as one piece and once byte by byte; both must agree. */
    private static String readInPieces(byte[] bytes) throws IOException {
        String whole = read(bytes, Integer.MAX_VALUE);
        assertThat(read(bytes, 1)).isEqualTo(whole);
        return whole;
    }

    private static String read(byte[] bytes, int largest) throws IOException {
        ReadableByteChannel in = Channels.newChannel(new ByteArrayInputStream(bytes));
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        ProxyHeader header = ProxyHeader.read(new SinglePieces(in, largest));
        rest.write(header.rest());
        ByteBuffer more = ByteBuffer.allocate(100_000);
        while (in.read(more) >= 0) {}
        rest.write(more.array(), 0, more.position());
        return header.client().map(InetSocketAddress::toString).orElse("none") + " "
                + rest.toString(StandardCharsets.ISO_8859_1);
    }

    /** Gives pieces as a socket does: a channel over a stream would read on until it has enough. */
    private record SinglePieces(ReadableByteChannel in, int largest) implements ReadableByteChannel {
        @Override
        public int read(ByteBuffer target) throws IOException {
            int room = Math.min(target.remaining(), largest);
            ByteBuffer piece = ByteBuffer.allocate(room);
            int n = in.read(piece);
            target.put(piece.flip());
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
