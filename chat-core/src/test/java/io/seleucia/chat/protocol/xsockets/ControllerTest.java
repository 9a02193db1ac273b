package io.seleucia.chat.protocol.xsockets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is accepted as a controller, and what is refused before any client can call it. */
class ControllerTest {
    public static class Overloads {
        public void buy(int quantity) {}

        public void buy(String share) {}
    }

    public static class Cases {
        public void buy() {}

        public void Buy() {}
    }

    public static class WithoutData {
        public void onMessage(String topic) {}
    }

    public static class WithoutTopic {
        public void onmessage(int number, String topic) {}
    }

    public static class Anything<T> {
        public void take(T something) {}
    }

    public record Accessible(int secret) {}

    /** Shows one method of what else its objects can do. */
    public interface Face {
        String shown();
    }

    public static class Behind implements Face, Comparable<Behind> {
        @Override
        public String shown() {
            return "shown";
        }

        @Override
        public int compareTo(Behind other) {
            return 0;
        }
    }

    @Test
    void refusesWhatClientsCouldNotTellApart() {
        assertRefused(Overloads.class, "several methods are called buy, and clients can't tell them apart");
        assertThatThrownBy(() -> controller(Cases.class)).hasMessageContaining("several methods are called");
    }

    @Test
    void refusesSeveralParametersWithoutNames() { // the JDK is compiled without them
        assertRefused(
                IntBinaryOperator.class,
                "the parameters of applyAsInt have no names: compile its class with -parameters, or let it take one record");
    }

    @Test
    void refusesAnOnMessageThatIsNotGivenATopicAndData() {
        String rule = "onMessage must take a String, which is the topic, and what was sent";
        assertRefused(WithoutData.class, rule);
        assertRefused(WithoutTopic.class, rule);
    }

    @Test
    void refusesParametersOfUnknownType() {
        assertRefused(Anything.class, "a parameter of take is of type T, which can be anything");
    }

    @Test
    void refusesRecords() {
        assertRefused(Accessible.class, "it must not be a record, whose accessors could be called");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nb"})
    void refusesNames(String name) {
        assertThatThrownBy(() -> new Controller<>(name, Behind.class, caller -> new Behind()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the name of a controller or a topic must");
    }

    @Test
    void leavesOutBridges() {
        Controller<Behind> controller = new Controller<>("Behind", Behind.class, caller -> new Behind());

        assertThat(controller.name()).isEqualTo("behind");
        assertThat(List.of("shown", "compareto"))
                .allMatch(topic -> controller.method(topic).isPresent());
    }

    @Test
    void showsNoMoreThanTheTypeItIsGiven() {
        Controller<Face> controller = new Controller<>("face", Face.class, caller -> new Behind());

        assertThat(controller.method("shown")).isPresent();
        assertThat(controller.method("compareto")).isEmpty();
    }

    private static void assertRefused(Class<?> type, String why) {
        assertThatThrownBy(() -> controller(type))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("controller stock: " + why);
    }

    private static <C> Controller<C> controller(Class<C> type) {
        return new Controller<>("stock", type, caller -> {
            throw new AssertionError("nothing is to be made");
        });
    }
}
