package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.browser.Page;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

/** The console of one of two servers over one Redis, in a real browser. */
class ConsoleServersTest {
    @Test
    void showsAndEndsTheSessionsOfAllServers() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker first = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker second = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(first.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(second.awaitReachable(Duration.ofSeconds(30))).isTrue();
            ChatServer here = ChatServer.builder().port(0).broker(first).start();
            try (ChatServer there = ChatServer.builder().port(0).broker(second).start();
                    Management other = new Management(Access.local(), 0);
                    ConsoleFixture console = new ConsoleFixture(here, Access.local(), Optional.empty(), "overview");
                    TestClient ada = TestClient.member(here.port(), "ada", "lobby")) {
                TestClient bob = TestClient.member(there.port(), "bob", "lobby");
                other.serve(there, new RecentLines(new SimpleFormatter()), List::of);
                Page page = console.page;
                page.await("document.querySelectorAll('#servers-rows tr').length === 2");
                assertThat(page.text("#servers-rows")).contains(":" + here.port() + " (this one)", ":" + there.port());

                console.view("channels");
                page.await("document.getElementById('channels-rows').innerText.includes('2 clients')");
                console.view("sessions");
                page.await("document.querySelectorAll('#sessions-rows tr').length === 2");
                assertThat(page.text("#sessions-rows td.server")).endsWith(":" + here.port());
                page.click("button[data-client=bob]");
                page.click("#client-disconnect");

                assertThat(bob.closeCode()).isEqualTo(4403);
                console.awaitSaid("Disconnected bob.");
                console.pointAway();
                page.await("document.querySelectorAll('#sessions-rows tr').length === 1");
                ada.expectNothingElse();

                redis.kill();
                page.await("document.getElementById('trouble').innerText.includes('can’t serve')");
                page.await("document.getElementById('sessions-silent').innerText.includes('can’t be asked')");
                assertThat(page.text("#sessions-rows")).contains("ada");
            }
        }
    }
}
