package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorServerTest {
    private static Result run(String... options) throws Exception {
        try (SelectorServer server = new SelectorServer()) {
            Thread.ofPlatform().start(server);
            Options parsed = Options.of(options);
            Workload workload = parsed.workloads().getFirst();
            String path = workload.scenario() == Scenario.ECHO ? ServerProgram.ECHO_PATH : "/";
            Server running = Server.running(URI.create("ws://localhost:" + server.port() + path));
            return Run.of(running, workload, parsed, new Progress(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ctesiphon", "chat.v1"})
    void bringsEveryMessageToEveryMemberOnceAndInOrder(String protocol) throws Exception {
        Result result =
                run("--protocol", protocol, "--channels", "3", "--members", "40", "--warmup", "0", "--seconds", "1");

        assertThat(result.faults()).isEqualTo(Faults.NONE);
        assertThat(result.latencies().total()).isGreaterThan(40);
    }

    @Test
    void bringsLargeMessages() throws Exception {
        Result result = run("--members", "10", "--bytes", "65000", "--warmup", "0", "--seconds", "1");

        assertThat(result.faults()).isEqualTo(Faults.NONE);
    }

    @Test
    void echoes() throws Exception {
        Result result = run("--scenario", "echo", "--members", "10", "--warmup", "0", "--seconds", "1");

        assertThat(result.faults()).isEqualTo(Faults.NONE);
        assertThat(result.latencies().total()).isGreaterThan(10);
    }

    @Test
    void shakesHandsAgainAndAgain() throws Exception {
        Result result = run("--scenario", "connect", "--members", "4", "--warmup", "0", "--seconds", "1");

        assertThat(result.latencies().total()).isGreaterThan(4);
    }
}
