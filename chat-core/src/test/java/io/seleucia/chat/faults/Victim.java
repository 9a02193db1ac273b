package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A client for which plug-ins throw Errors ({@link InjectedErrors}): it speaks the accursed protocol, logs in, and visits
 * the handler's path, again and again, and expects nothing. One thread; another reads.
 */
final class Victim implements AutoCloseable {
    private static final Duration SILENCE = Duration.ofSeconds(2);
    private static final int LONGEST_PAUSE_MILLIS = 100;
    private static final List<String> CHANNELS = List.of("lobby", "den", "nook", "yard");

    private final String name;
    private final List<Integer> ports;
    private final Random random;
    private final CountDownLatch leaving = new CountDownLatch(1);
    private final Thread life;
    private int said;

    Victim(String name, List<Integer> ports, long seed) {
        this.name = InjectedErrors.VICTIM + name;
        this.ports = ports;
        this.random = new Random(seed);
        this.life = Thread.ofVirtual().name(this.name).start(this::live);
    }

    private void live() {
        try {
            while (!leaving.await(random.nextInt(LONGEST_PAUSE_MILLIS), TimeUnit.MILLISECONDS)) {
                int port = ports.get(random.nextInt(ports.size()));
                try (ChatSocket socket = random.nextInt(4) == 0
                        ? ChatSocket.openPath(port, SILENCE, InjectedErrors.PATH)
                        : ChatSocket.open(port, SILENCE, AccursedProtocol.NAME)) {
                    Thread.ofVirtual().start(() -> read(socket));
                    suffer(socket);
                } catch (IOException e) {
                    // The connection has ended, as is to be expected.
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("a victim is not interrupted", e);
        }
    }

    private void suffer(ChatSocket socket) throws IOException, InterruptedException {
        socket.send(random.nextInt(10) == 0 ? login() : connect());
        for (String channel : CHANNELS) {
            JsonObject request = Speaker.request("subscribe", channel);
            request.addProperty("presence", true);
            send(socket, request);
        }
        for (int i = random.nextInt(40); i > 0; i--) {
            String channel = CHANNELS.get(random.nextInt(CHANNELS.size()));
            send(socket, new Publication(channel, name + "-" + said++, 20).request());
            if (leaving.await(random.nextInt(LONGEST_PAUSE_MILLIS), TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    private JsonObject connect() {
        JsonObject request = Speaker.request("connect");
        request.addProperty("id", 1);
        request.addProperty("client", name);
        return request;
    }

    private JsonObject login() {
        JsonObject request = Speaker.request("connect");
        request.addProperty("id", 1);
        request.addProperty("token", "any");
        return request;
    }

    private void send(ChatSocket socket, JsonObject request) throws IOException {
        request.addProperty("id", 2 + random.nextInt(1_000_000));
        socket.send(request);
    }

    private void read(ChatSocket socket) {
        try {
            while (true) {
                socket.read();
            }
        } catch (IOException e) {
            socket.close(); // so that the other thread sees it
        }
    }

    @Override
    public void close() {
        leaving.countDown();
        try {
            life.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
