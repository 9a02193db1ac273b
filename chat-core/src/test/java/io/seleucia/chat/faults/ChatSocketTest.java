package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a test takes for an end of the connection, and what for a mistake of the server's. */
class ChatSocketTest {
    private static final String HANDSHAKE = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

    @Test
    void aWholeFrameIsAMessage() throws Exception {
        try (ChatSocket socket = told(HANDSHAKE + "\u0081\r{'type':'x'}  ")) {
            assertThat(socket.read().get("type").getAsString()).isEqualTo("x");
            assertThatThrownBy(socket::read).isInstanceOf(EOFException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\u0081", "\u0081\f", "\u0081\f{'type':", "\u0081\u007e\u0001\u0000{", "\u0088\u0000"})
    void anEndInTheMidstOfAFrameIsAnEnd(String frame) throws Exception {
        try (ChatSocket socket = told(HANDSHAKE + frame)) {
            assertThatThrownBy(socket::read).isInstanceOf(EOFException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0081\u0000", "\u0081\u0007{'type'", "\u0081\u00017", "\u0082\u0002{}"})
    void aWholeFrameThatNoServerMaySendIsAMistake(String frame) throws Exception {
        try (ChatSocket socket = told(HANDSHAKE + frame)) {
            assertThatThrownBy(socket::read).isInstanceOf(ProtocolException.class);
        }
    }

    /** A connection on which just that comes, byte for character, and then its end. */
    private static ChatSocket told(String all) throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<ChatSocket> socket = CompletableFuture.supplyAsync(() -> open(listening.getLocalPort()));
            try (Socket peer = listening.accept()) {
                awaitRequest(peer);
                peer.getOutputStream().write(all.getBytes(StandardCharsets.ISO_8859_1));
                peer.shutdownOutput();
                return socket.join();
            }
        }
    }

    private static void awaitRequest(Socket peer) throws IOException {
        StringBuilder request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
            request.append((char) peer.getInputStream().read());
        }
    }

    private static ChatSocket open(int port) {
        try {
            return ChatSocket.open(port);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
