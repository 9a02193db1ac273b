package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What a message costs over HTTP, as a multiple of what it costs over a WebSocket: processor time of this process, in which both
 * the server and raw clients run. {@code docs/http-fallback.md} has the command and the figures.
 */
@Isolated
class HttpFallbackCostTest {
    private static final int MEMBERS = 200;
    private static final int MESSAGES = 2_000;
    private static final int PUBLISHES = 5_000;
    private static final String STREAM = "GET /http/chat.v1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String HANDSHAKE = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private final List<Socket> sockets = new ArrayList<>();
    private final LongAdder read = new LongAdder();
    private ChatServer server;

    @LongForm
    @Test
    void costsLittleMoreThanAWebSocketToReceiveAndAFewTimesAsMuchToSend() throws Exception {
        double[] down = new double[2];
        double[] up = new double[2];
        for (int round = 0; round < 2; round++) { // of which the first warms up
            for (int kind = 0; kind < 2; kind++) {
                try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                        ChatServer started = ChatServer.builder()
                                .port(0)
                                .broker(broker)
                                .limits(Limits.DEFAULT
                                        .withRateMessages(1_000_000)
                                        .withRateBurst(1_000_000)
                                        .withQuotas(Quotas.NONE))
                                .start()) {
                    server = started;
                    down[kind] = down(kind == 1);
                    up[kind] = up(kind == 1);
                }
            }
        }
        System.out.printf(
                "received by %d members: %.2f µs a message and member by WebSocket, %.2f over HTTP: %.2f times%n"
                        + "published one after the other: %.0f µs by WebSocket, %.0f over HTTP: %.1f times%n",
                MEMBERS, down[0], down[1], down[1] / down[0], up[0], up[1], up[1] / up[0]);
        assertThat(down[1] / down[0]).isLessThan(2);
        assertThat(up[1] / up[0]).isLessThan(10);
    }

    private Member open(boolean http) throws IOException {
        Socket socket = new Socket("localhost", server.port());
        sockets.add(socket);
        Member member = new Member(socket, http);
        member.write(http ? STREAM : HANDSHAKE);
        member.readHead();
        if (http) {
            String opening = member.readLine();
            while (!opening.startsWith("data: ")) {
                opening = member.readLine();
            }
            Socket second = new Socket("localhost", server.port());
            second.setTcpNoDelay(true);
            sockets.add(second);
            member.posts = new Member(second, false);
            member.target = opening.replaceAll(".*\"send\":\"([^\"]+)\".*", "$1");
        }
        member.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
        return member;
    }

    private double down(boolean http) throws Exception {
        for (int i = 0; i < MEMBERS; i++) {
            Member member = open(http);
            Thread.ofVirtual().start(member::drain);
        }
        while (server.channels().getOrDefault("lobby", 0) < MEMBERS) {
            LockSupport.parkNanos(1_000_000);
        }
        long before = read.sum();
        long began = processorTime();
        for (int i = 0; i < MESSAGES; i++) {
            server.publish("lobby", "ada", "a message of some fifty characters, as people write");
            while (server.metrics().queuedBytes() > 10_000_000) {
                LockSupport.parkNanos(1_000_000);
            }
        }
        long expected = before + 100L * MESSAGES * MEMBERS; // each frame has more bytes than that
        while (read.sum() < expected || server.metrics().queuedBytes() > 0) {
            LockSupport.parkNanos(1_000_000);
        }
        double micros = (processorTime() - began) / 1e3 / MESSAGES / MEMBERS;
        close();
        return micros;
    }

    private double up(boolean http) throws Exception {
        Member member = open(http);
        String publish = "{\"id\":2,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"a message\"}";
        if (http) {
            Thread.ofVirtual().start(member::drain);
        }
        long began = processorTime();
        for (int i = 0; i < PUBLISHES; i++) {
            member.send(publish);
            while (!http && !member.readFrame().contains("\"published\"")) {
                // the reply to the subscription, or the message itself
            }
        }
        double micros = (processorTime() - began) / 1e3 / PUBLISHES;
        close();
        return micros;
    }

    private void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    private static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /** A raw client. */
    private final class Member {
        private final DataInputStream in;
        private final OutputStream out;
        private final boolean http;
        private Member posts;
        private String target;
        private int number;

        Member(Socket socket, boolean http) throws IOException {
            socket.setTcpNoDelay(true);
            this.in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            this.out = socket.getOutputStream();
            this.http = http;
        }

        void write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }

        String readLine() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
                line.append((char) b);
            }
            return line.toString().strip();
        }

        void readHead() throws IOException {
            while (!readLine().isEmpty()) {
                // a header line
            }
        }

        String readFrame() throws IOException {
            in.readUnsignedByte();
            int length = in.readUnsignedByte();
            byte[] payload = new byte[length == 126 ? in.readUnsignedShort() : length];
            in.readFully(payload);
            return new String(payload, StandardCharsets.UTF_8);
        }

        void send(String frame) throws IOException {
            if (!http) {
                out.write(RawClient.frame(RawClient.TEXT, frame.getBytes(StandardCharsets.UTF_8)));
                return;
            }
            posts.write("POST " + target + "?n=" + ++number + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + frame.length() + "\r\n\r\n" + frame);
            assertThat(posts.readLine()).startsWith("HTTP/1.1 204");
            posts.readHead();
        }

        void drain() {
            byte[] all = new byte[64 * 1024];
            try {
                for (int n = in.read(all); n >= 0; n = in.read(all)) {
                    read.add(n);
                }
            } catch (IOException e) {
                // The test has closed it.
            }
        }
    }
}
