package io.seleucia.chat.benchmark.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.seleucia.chat.benchmark.scaling.RedisReading.Calls;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisReadingTest {
    private static final String INFO = """
            # Memory\r
            used_memory:1500\r
            used_memory_human:1.46K\r
            # CPU\r
            used_cpu_sys:0.25\r
            used_cpu_user:1.5\r
            used_cpu_sys_children:7.0\r
            # Persistence\r
            aof_current_size:300\r
            # Stats\r
            total_net_output_bytes:9000\r
            # Commandstats\r
            cmdstat_evalsha:calls=10,usec=250,usec_per_call=25.00,rejected_calls=0,failed_calls=0\r
            cmdstat_client|kill:calls=1,usec=7,usec_per_call=7.00,rejected_calls=0,failed_calls=0\r
            """;

    @Test
    void readsInfo() {
        RedisReading reading = RedisReading.of(INFO, 5);

        assertThat(reading.nanos()).isEqualTo(5);
        assertThat(reading.cpuSeconds()).isCloseTo(1.75, within(1e-9));
        assertThat(reading.memory()).isEqualTo(1500);
        assertThat(reading.aofBytes()).isEqualTo(300);
        assertThat(reading.outBytes()).isEqualTo(9000);
        assertThat(reading.commands())
                .hasSize(2)
                .containsEntry("evalsha", new Calls(10, 250))
                .containsEntry("client|kill", new Calls(1, 7));
    }

    @Test
    void takesWhatIsMissingForNothing() {
        assertThat(RedisReading.of("redis_version:7.0.15\r\n", 0)).isEqualTo(new RedisReading(0, 0, 0, 0, 0, Map.of()));
    }

    @Test
    void tellsWhatHasComeSince() {
        RedisReading before = RedisReading.of(INFO, 1_000_000_000);
        RedisReading after = RedisReading.of("""
                        used_memory:1400
                        used_cpu_sys:0.25
                        used_cpu_user:2.5
                        total_net_output_bytes:9500
                        aof_current_size:300
                        cmdstat_evalsha:calls=14,usec=350,usec_per_call=25.00
                        cmdstat_client|kill:calls=1,usec=7,usec_per_call=7.00
                        cmdstat_ping:calls=2,usec=3,usec_per_call=1.50
                        """, 3_000_000_000L);

        RedisReading difference = after.since(before);

        assertThat(difference.seconds()).isCloseTo(2, within(1e-9));
        assertThat(difference.cpuSeconds()).isCloseTo(1, within(1e-9));
        assertThat(difference.memory()).isEqualTo(-100);
        assertThat(difference.outBytes()).isEqualTo(500);
        assertThat(difference.aofBytes()).isZero();
        assertThat(difference.commands())
                .hasSize(2) // what was not executed meanwhile does not count
                .containsEntry("evalsha", new Calls(4, 100))
                .containsEntry("ping", new Calls(2, 3));
    }
}
