package io.seleucia.chat.transport;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PolledLinkTest {
    private final Poller poller = new Poller();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Socket peer = new Socket();
    private final PolledLink link = connected(peer);

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        poller.close();
    }

    private PolledLink connected(Socket client) {
        try (ServerSocketChannel port = ServerSocketChannel.open()) {
            port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            client.connect(port.getLocalAddress());
            SocketChannel channel = port.accept();
            open.add(client);
            open.add(channel);
            return new PolledLink(channel, poller);
        } catch (IOException e) {
            throw new AssertionError("loopback is there", e);
        }
    }

    private static final class Started<T> extends FutureTask<T> {
        private final Thread thread = Thread.ofVirtual().unstarted(this);

        Started(Callable<T> task) {
            super(task);
            thread.start();
        }

        void awaitParked() {
            eventually(() -> assertThat(thread.getState()).isEqualTo(Thread.State.WAITING));
        }

        T result() throws Exception {
            return get(60, TimeUnit.SECONDS);
        }
    }

    private static int read(PolledLink from) throws IOException {
        byte[] one = new byte[1];
        while (true) {
            int n = from.read(one, 0, 1);
            if (n != 0) {
                return n < 0 ? -1 : one[0];
            }
            from.await();
        }
    }

    @Test
    void readsNothingWithoutBlocking() throws IOException {
        assertThat(link.read(new byte[1], 0, 1)).isZero();
    }

    @Test
    void waitsForBytes() throws Exception {
        Started<Integer> reading = new Started<>(() -> read(link));
        reading.awaitParked();

        peer.getOutputStream().write(7);

        assertThat(reading.result()).isEqualTo(7);
    }

    @Test
    void waitsForTheEndOfTheStream() throws Exception {
        Started<Integer> reading = new Started<>(() -> read(link));
        reading.awaitParked();

        peer.shutdownOutput();

        assertThat(reading.result()).isEqualTo(-1);
    }

    /** Here the selector would spin, and the interest is taken off and put back. */
    @Test
    void isToldOfBytesThatCameWhileItWasBusy() throws Exception {
        for (int i = 0; i < 100; i++) {
            peer.getOutputStream().write(i);
            eventually(() -> assertThat(state()).isEqualTo(2)); // off
            assertThat(link.read(new byte[1], 0, 1)).isEqualTo(1); // takes what came
            Started<Integer> reading = new Started<>(() -> read(link));
            reading.awaitParked();

            peer.getOutputStream().write(100);

            assertThat(reading.result()).isEqualTo(100);
        }
    }

    private int state() {
        return (int) fieldOf(PolledLink.class, link, "reading");
    }

    private static Object fieldOf(Class<?> type, Object owner, String name) {
        try {
            Field field = type.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(owner);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void missesNoByteOfManyThatComeOneByOne() throws Exception {
        int rounds = 20_000;
        Started<Void> echoing = new Started<>(() -> {
            for (int i = 0; i < rounds; i++) {
                byte[] one = {(byte) read(link)};
                assertThat(link.write(one, 0, 1)).isEqualTo(1);
            }
            return null;
        });
        peer.setTcpNoDelay(true);
        peer.setSoTimeout(60_000);
        for (int i = 0; i < rounds; i++) {
            peer.getOutputStream().write(i & 0x7f);
            assertThat(peer.getInputStream().read()).isEqualTo(i & 0x7f);
        }
        echoing.result();
    }

    @Test
    void missesNoByteOfAStream() throws Exception {
        int length = 1 << 24;
        Started<Long> counting = new Started<>(() -> {
            byte[] some = new byte[777];
            long count = 0;
            for (int n = 0; n >= 0; n = link.read(some, 0, some.length)) {
                count += n;
                if (n == 0) {
                    link.await();
                }
            }
            return count;
        });
        byte[] piece = new byte[1 << 12];
        for (int sent = 0; sent < length; sent += piece.length) {
            peer.getOutputStream().write(piece);
        }
        peer.shutdownOutput();

        assertThat(counting.result()).isEqualTo(length);
    }

    @Test
    void waitsUntilThePeerReads() throws Exception {
        byte[] all = new byte[1 << 24];
        Started<Void> writing = new Started<>(() -> writeAll(all));
        writing.awaitParked();
        assertThat(peer.getInputStream().readNBytes(all.length)).hasSize(all.length);
        writing.result();
    }

    private Void writeAll(byte[] all) throws IOException {
        for (int sent = 0; sent < all.length; ) {
            sent += link.write(all, sent, all.length - sent);
        }
        return null;
    }

    @Test
    void writesWhatFitsWithoutBlocking() throws Exception {
        ByteBuffer much = ByteBuffer.allocateDirect(1 << 24);

        link.tryWrite(much);

        assertThat(much.position()).isPositive();
        assertThat(much.remaining()).isPositive();
    }

    @Test
    void aCloseReleasesBothThreads() throws Exception {
        Started<Integer> reading = new Started<>(() -> read(link));
        Started<Void> writing = new Started<>(() -> writeAll(new byte[1 << 24]));
        reading.awaitParked();
        writing.awaitParked();

        link.close();

        assertThatThrownBy(reading::result)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(writing::result)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void aCloseReachesThePeerAtOnce() throws Exception {
        Started<Integer> reading = new Started<>(() -> read(link));
        reading.awaitParked();
        peer.setSoTimeout(60_000);

        link.close();

        assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void anInterruptDoesNotEndTheWaitForBytes() throws Exception {
        Started<Integer> reading = new Started<>(() -> read(link));
        reading.awaitParked();

        reading.thread.interrupt();
        eventually(() -> assertThat(reading.thread.isInterrupted()).isFalse());
        reading.awaitParked();
        peer.getOutputStream().write(7);

        assertThat(reading.result()).isEqualTo(7);
    }

    @Test
    void anInterruptEndsTheWaitOfAWriter() throws Exception {
        Started<Void> writing = new Started<>(() -> writeAll(new byte[1 << 24]));
        writing.awaitParked();

        writing.thread.interrupt();

        assertThatThrownBy(writing::result).hasMessageContaining("interrupted");
    }

    @Test
    void servesManyAtOnce() throws Exception {
        List<Socket> peers = new ArrayList<>();
        List<Started<Integer>> reading = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Socket client = new Socket();
            PolledLink one = connected(client);
            peers.add(client);
            reading.add(new Started<>(() -> read(one)));
        }
        for (int i = 0; i < 200; i++) {
            peers.get(i).getOutputStream().write(i & 0x7f);
        }
        for (int i = 0; i < 200; i++) {
            assertThat(reading.get(i).result()).isEqualTo(i & 0x7f);
        }
    }

    @Test
    void aClosedPollerServesUntilItsLastChannelIsClosed() throws Exception {
        poller.close();
        Started<Integer> reading = new Started<>(() -> read(link));
        reading.awaitParked();

        peer.getOutputStream().write(7);
        assertThat(reading.result()).isEqualTo(7);

        link.close();
        Selector selector = (Selector) fieldOf(Poller.class, poller, "selector");
        eventually(() -> assertThat(selector.isOpen()).isFalse());
    }

    @Test
    void tellsThePeerAfterTheClose() throws IOException {
        String before = link.peer();
        link.close();

        assertThat(link.peer()).isEqualTo(before).contains(":" + peer.getLocalPort());
    }
}
