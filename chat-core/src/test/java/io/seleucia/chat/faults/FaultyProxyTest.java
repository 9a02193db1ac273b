package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultyProxyTest {
    private static final int PATIENCE_MILLIS = 60_000;

    private ServerSocket target;
    private FaultyProxy proxy;
    private Socket near;
    private Socket far;

    @BeforeEach
    void connect() throws IOException {
        target = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        proxy = new FaultyProxy(target.getLocalPort());
        near = new Socket("127.0.0.1", proxy.port());
        far = target.accept();
        near.setSoTimeout(PATIENCE_MILLIS);
        far.setSoTimeout(PATIENCE_MILLIS);
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        near.close();
        far.close();
        target.close();
    }

    @Test
    void passesBothWaysAndTheEnd() throws IOException {
        send(near, "to and");
        assertThat(receive(far, 6)).isEqualTo("to and");
        near.shutdownOutput();
        assertThat(far.getInputStream().read()).isEqualTo(-1);
        send(far, "fro");
        far.close();
        assertThat(receive(near, 3)).isEqualTo("fro");
        assertThat(near.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void delaysInOrder() throws IOException {
        proxy.delay(Duration.ofMillis(200));
        long began = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            send(near, Integer.toString(i));
        }
        assertThat(receive(far, 10)).isEqualTo("0123456789");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
    }

    @Test
    void holdsEverythingBackUntilItPasses() throws IOException {
        proxy.blackHole();
        send(near, "first");
        send(near, "second");
        far.setSoTimeout(200);
        assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

        proxy.pass();

        far.setSoTimeout(PATIENCE_MILLIS);
        assertThat(receive(far, 11)).isEqualTo("firstsecond");
    }

    @Test
    void forgetsConnectionsThatAreThereAndNoOthers() throws IOException {
        send(near, "x");
        receive(far, 1);
        proxy.forget();
        send(near, "into the void");
        try (Socket other = new Socket("127.0.0.1", proxy.port());
                Socket its = target.accept()) {
            other.setSoTimeout(PATIENCE_MILLIS);
            its.setSoTimeout(PATIENCE_MILLIS);
            send(other, "to and");
            assertThat(receive(its, 6)).isEqualTo("to and");
            send(its, "fro");
            assertThat(receive(other, 3)).isEqualTo("fro");
        }
        far.setSoTimeout(200);
        assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void forgetsAfterSoManyBytes() throws IOException {
        proxy.choke(5);
        try (Socket choked = new Socket("127.0.0.1", proxy.port());
                Socket its = target.accept()) {
            its.setSoTimeout(PATIENCE_MILLIS);
            send(choked, "12345");
            assertThat(receive(its, 5)).isEqualTo("12345");
            proxy.unchoke();
            send(choked, "6");
            its.setSoTimeout(200);
            assertThatThrownBy(() -> its.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void resetsConnections() throws IOException {
        send(near, "x");
        receive(far, 1);
        proxy.cut();

        assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes());
    }

    private static String receive(Socket socket, int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length));
    }
}
