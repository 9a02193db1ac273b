package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import org.junit.jupiter.api.Test;

class StreamLinkTest {
    @Test
    void anInterruptOfBeforeDoesNotCloseTheConnection() throws Exception {
        try (ServerSocketChannel port = ServerSocketChannel.open();
                Socket peer = new Socket()) {
            port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            peer.connect(port.getLocalAddress());
            StreamLink link = new StreamLink(port.accept().socket());
            byte[] one = {7};
            peer.getOutputStream().write(one);
            Thread.currentThread().interrupt();
            link.await();
            assertThat(link.read(one, 0, 1)).isEqualTo(1);
            assertThat(link.write(one, 0, 1)).isEqualTo(1);
            link.shutdownOutput();
            assertThat(Thread.interrupted())
                    .as("it is kept for those whom it concerns")
                    .isTrue();

            assertThat(peer.getInputStream().readAllBytes()).containsExactly(7);
            link.close();
        } finally {
            Thread.interrupted();
        }
    }
}
