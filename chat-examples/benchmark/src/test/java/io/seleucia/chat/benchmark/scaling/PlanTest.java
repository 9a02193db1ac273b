package io.seleucia.chat.benchmark.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
    private static Plan plan(int servers, int channels, int perClient) {
        return Plan.of("run", IntStream.range(1, servers + 1).boxed().toList(), channels, perClient, 128);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void spreadsTheMembersOfAChannelEvenly(int servers) {
        Plan plan = plan(servers, 6, 1).withRounds(12, 2);

        for (int place = 0; place < plan.places(); place++) {
            int channel = place;
            assertThat(IntStream.range(0, servers).map(server -> (int) IntStream.range(0, 12)
                            .filter(round -> plan.server(channel, round) == server)
                            .count()))
                    .containsOnly(12 / servers);
        }
    }

    @Test
    void leavesThoseWhoStayOutOfTheServerThatIsKilled() {
        Plan plan = plan(3, 6, 1).withRounds(4, 1).withSteady(1_000);

        assertThat(IntStream.range(0, 6).map(place -> plan.server(place, 0))).containsOnly(0, 1);
        assertThat(IntStream.range(0, 6).map(place -> plan.server(place, 1))).contains(2);
    }

    @Test
    void givesEveryClientItsOwnChannels() {
        Plan plan = plan(2, 20, 5);

        assertThat(plan.clients()).isEqualTo(4);
        Set<String> channels = new HashSet<>();
        for (int place = 0; place < plan.places(); place++) {
            for (int index = 0; index < 5; index++) {
                channels.add(plan.channel(place, index));
            }
        }
        assertThat(channels).hasSize(20);
        String last = plan.channel(3, 4);
        assertThat(last).endsWith("000019").hasSize(plan.digitsAt() + plan.digits());
    }

    @Test
    void dividesThePlaces() {
        Plan whole = plan(2, 7, 1).withRounds(3, 1);
        List<Plan> parts = List.of(whole.part(0, 3), whole.part(1, 3), whole.part(2, 3));

        assertThat(parts.stream().mapToInt(Plan::ownPlaces).sum()).isEqualTo(7);
        assertThat(parts.stream()
                        .flatMapToInt(
                                part -> IntStream.range(0, part.ownPlaces()).map(part::place)))
                .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
    }
}
