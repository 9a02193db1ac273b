package io.seleucia.chat.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The header of the PROXY protocol, version 1 or 2, by which a proxy says ahead of all other bytes for which client it speaks.
 *
 * @param isPresent whether there is a header
 * @param client the client; empty if there is no header, or it names none
 * @param rest the bytes that were read behind the header, at most {@value #BUFFER}
 */
public record ProxyHeader(boolean isPresent, Optional<InetSocketAddress> client, byte[] rest) {
    private static final int BUFFER = 256;
    private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final int V1_LONGEST = 107; // with its line end
    private static final byte[] V2 = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
    private static final int V2_HEAD = 16;
    private static final int V2_LONGEST = 4096; // behind the head: addresses, and extensions that are skipped
    private static final int IPV4 = 4;
    private static final int IPV6 = 16;
    private static final int PORTS = 4;

    /**
     * Reads the header, if the first bytes are those of one. Blocks until that is clear, and until the header is complete.
     *
     * @throws HandshakeException if the header is malformed or too long
     * @throws EndOfInputException if the peer has sent nothing
     */
    public static ProxyHeader read(ReadableByteChannel in) throws IOException {
        return new Reader(in).read();
    }

    /** Reads one header. */
    private static final class Reader {
        private final ReadableByteChannel in;
        private final byte[] bytes = new byte[BUFFER];
        private int end; // of what has come

        Reader(ReadableByteChannel in) {
            this.in = in;
        }

        ProxyHeader read() throws IOException {
            if (begins(V1)) {
                return version1();
            }
            return begins(V2) ? version2() : new ProxyHeader(false, Optional.empty(), rest(0));
        }

        /** Reads as much as is needed to know whether the first bytes are these. */
        private boolean begins(byte[] magic) throws IOException {
            int matching = 0;
            while (matching < magic.length) {
                if (matching == end && !more()) {
                    if (end == 0) {
                        throw new EndOfInputException();
                    }
                    return false;
                }
                if (bytes[matching] != magic[matching]) {
                    return false;
                }
                matching++;
            }
            return true;
        }

        private boolean more() throws IOException {
            int n = in.read(ByteBuffer.wrap(bytes, end, BUFFER - end));
            end += Math.max(0, n);
            return n > 0;
        }

        private void await(int length) throws IOException {
            while (end < length) {
                if (!more()) {
                    throw malformed("it ends too early");
                }
            }
        }

        private byte[] rest(int from) {
            return Arrays.copyOfRange(bytes, from, end);
        }

        private ProxyHeader version1() throws IOException {
            int length = V1.length;
            while (bytes[length - 2] != '\r' || bytes[length - 1] != '\n') {
                if (length == V1_LONGEST) {
                    throw malformed("a line of version 1 has at most " + V1_LONGEST + " bytes");
                }
                length++;
                await(length);
            }
            String line = new String(bytes, V1.length, length - 2 - V1.length, StandardCharsets.ISO_8859_1);
            return new ProxyHeader(true, line1(line.split(" ", -1)), rest(length));
        }

        private static Optional<InetSocketAddress> line1(String[] words) throws HandshakeException {
            if (words[0].equals("UNKNOWN")) {
                return Optional.empty(); // what follows must be ignored
            }
            boolean v4 = words[0].equals("TCP4");
            if (words.length != 5 || !v4 && !words[0].equals("TCP6")) {
                throw malformed("a line of version 1 is TCP4, TCP6 or UNKNOWN, two addresses and two ports");
            }
            Optional<InetAddress> client = v4 ? IpAddresses.v4(words[1]) : IpAddresses.v6(words[1]);
            Optional<InetAddress> server = v4 ? IpAddresses.v4(words[2]) : IpAddresses.v6(words[2]);
            int port = IpAddresses.port(words[3]);
            if (client.isEmpty() || server.isEmpty() || port < 0 || IpAddresses.port(words[4]) < 0) {
                throw malformed("an address or a port is none");
            }
            return Optional.of(new InetSocketAddress(client.get(), port));
        }

        private ProxyHeader version2() throws IOException {
            await(V2_HEAD);
            ByteBuffer head = ByteBuffer.wrap(bytes, V2.length, V2_HEAD - V2.length);
            int command = head.get() & 0xff;
            int family = head.get() & 0xff;
            int length = head.getShort() & 0xffff;
            if (command >> 4 != 2 || (command & 0xf) > 1) {
                throw malformed("the version must be 2, and the command LOCAL or PROXY");
            }
            if (family >> 4 > 3 || (family & 0xf) > 2) {
                throw malformed("the address family or the transport is unknown");
            }
            if (length > V2_LONGEST) {
                throw malformed("a header of version 2 has at most " + V2_LONGEST + " bytes behind its head");
            }
            boolean names = (command & 0xf) == 1 && (family == 0x11 || family == 0x21); // TCP over IPv4 or IPv6
            Optional<InetSocketAddress> client =
                    names ? Optional.of(address2(family == 0x11 ? IPV4 : IPV6, length)) : Optional.empty();
            return new ProxyHeader(true, client, restAfter(V2_HEAD + length));
        }

        private InetSocketAddress address2(int size, int length) throws IOException {
            if (length < 2 * size + PORTS) {
                throw malformed("there is no room for the addresses");
            }
            await(V2_HEAD + 2 * size + PORTS);
            byte[] client = Arrays.copyOfRange(bytes, V2_HEAD, V2_HEAD + size);
            int port = ByteBuffer.wrap(bytes).getShort(V2_HEAD + 2 * size) & 0xffff;
            return new InetSocketAddress(InetAddress.getByAddress(client), port);
        }

        /** Skips the extensions, which may be longer than the buffer. */
        private byte[] restAfter(int length) throws IOException {
            int skipped = length;
            while (skipped > end) {
                skipped -= end;
                end = 0;
                await(1);
            }
            return rest(skipped);
        }

        private static HandshakeException malformed(String rule) {
            return new HandshakeException(400, "the PROXY header of a trusted proxy is malformed: " + rule);
        }
    }
}
