package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.seleucia.chat.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Two servers over a Redis of their own, one of which is killed and stays dead, with a member of a channel on each. */
final class DeadServer implements AutoCloseable {
    private static final Duration SAID = Duration.ofSeconds(60 + 30); // a minute, and what a slow machine takes

    private final Site site;
    private final Speaker survivor;
    private final CompletableFuture<String> presentAfterwards = new CompletableFuture<>();
    private final long killedAt;

    DeadServer() throws Exception {
        site = Site.overRedis(2);
        survivor = join(0, "survivor");
        join(1, "ghost");
        assertThat(present("observer")).contains("ghost", "survivor");
        site.servers().getLast().kill();
        killedAt = System.nanoTime();
        Thread.ofVirtual().name("survivor").start(this::awaitGhostLeaving);
    }

    private Speaker join(int server, String name) throws Exception {
        return Eventually.eventuallyGet(() -> {
            Speaker member = Speaker.connect(site.ports().get(server), name);
            JsonObject request = Speaker.request("subscribe", "lobby");
            request.addProperty("presence", true);
            if (!member.ask(request).get("type").getAsString().equals("subscribed")) {
                throw new IOException("Redis is not there yet");
            }
            return member;
        });
    }

    private String present(String observer) throws Exception {
        try (Speaker member = join(0, observer)) {
            return member.ask(Speaker.request("presence", "lobby"))
                    .get("clients")
                    .toString();
        }
    }

    private void awaitGhostLeaving() {
        try {
            JsonObject push = survivor.push();
            while (!push.get("type").getAsString().equals("left")
                    || !push.get("client").getAsString().equals("ghost")) {
                push = survivor.push();
            }
            presentAfterwards.complete(present("latecomer"));
        } catch (Exception e) {
            presentAfterwards.completeExceptionally(e);
        }
    }

    /** Waits for what is left of the time in which the survivor is told that the dead server's member has left. */
    void assertForgotten() throws Exception {
        Duration passed = Duration.ofNanos(System.nanoTime() - killedAt);
        assertThat(presentAfterwards.get(Math.max(1, SAID.minus(passed).toMillis()), TimeUnit.MILLISECONDS))
                .contains("survivor")
                .doesNotContain("ghost");
    }

    String logs() {
        return site.logs();
    }

    @Override
    public void close() throws IOException {
        site.close();
    }
}
