package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisServers;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Protocol;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A program that uses the library wrongly is told so at once, and by name. */
@Timeout(60)
class WrongUseTest {
    private static final Duration ENDLESS = Duration.ofSeconds(Long.MAX_VALUE);

    private interface Call {
        void with(Object... arguments) throws Exception;
    }

    /** A method or constructor of the API with one argument that is null. */
    private record Mistake(String name, Call call, Object[] arguments, String parameter) {
        @Override
        public String toString() {
            return name + " with null for " + parameter;
        }
    }

    /** What stands for a parameter that is not the null one. */
    private static Object sample(Class<?> type) throws Exception {
        Map<Class<?>, Object> samples = Map.ofEntries(
                Map.entry(String.class, "a"),
                Map.entry(int.class, 1),
                Map.entry(long.class, 1L),
                Map.entry(boolean.class, true),
                Map.entry(Optional.class, Optional.empty()),
                Map.entry(Duration.class, Duration.ofSeconds(1)),
                Map.entry(Instant.class, Instant.EPOCH),
                Map.entry(Path.class, Path.of("a")),
                Map.entry(URI.class, URI.create("redis://localhost")),
                Map.entry(byte[].class, new byte[64]),
                Map.entry(List.class, List.of("a:1")),
                Map.entry(Collection.class, List.of()),
                Map.entry(Map.class, Map.of()),
                Map.entry(Set.class, Set.of()),
                Map.entry(Content.class, new Content.Text("a")),
                Map.entry(Position.class, Position.NONE),
                Map.entry(Payload.class, Payload.of("a")),
                Map.entry(Limits.class, Limits.DEFAULT),
                Map.entry(Quotas.class, Quotas.DEFAULT),
                Map.entry(ChatServer.Compression.class, ChatServer.Compression.ON),
                Map.entry(Class.class, Object.class),
                Map.entry(Function.class, Function.identity()),
                Map.entry(Supplier.class, (Supplier<String>) () -> "a"),
                Map.entry(ChannelListener.class, (ChannelListener) message -> {}),
                Map.entry(WebSocketHandler.class, (WebSocketHandler) (socket, message) -> {}));
        if (samples.containsKey(type)) {
            return samples.get(type);
        }
        if (type == ChannelOptions.class) {
            return ChannelOptions.DEFAULT;
        }
        if (type == ChannelOptions.Rate.class) {
            return ChannelOptions.Rate.NONE;
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        if (type == Rules.class) {
            return Rules.parse(List.of());
        }
        if (type == RedisServers.Topology.class) {
            return new RedisServers.Topology.Single(new RedisServers.Address("a", 1), 0);
        }
        if (type == RedisServers.Address.class) {
            return new RedisServers.Address("a", 1);
        }
        return type == PublicKey.class
                ? KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic()
                : null; // of methods with one parameter
    }

    private static List<Mistake> mistakes(Class<?> type, Object of) throws Exception {
        List<Mistake> mistakes = new ArrayList<>();
        List<Executable> callables = new ArrayList<>(List.of(type.getConstructors()));
        Arrays.stream(type.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isBridge())
                .filter(method ->
                        !Arrays.asList("equals", "allows", "authenticate").contains(method.getName()))
                .forEach(callables::add);
        for (Executable callable : callables) {
            Call call = callable instanceof Method method
                    ? arguments -> method.invoke(of, arguments)
                    : arguments -> ((Constructor<?>) callable).newInstance(arguments);
            Parameter[] parameters = callable.getParameters();
            for (int i = 0; i < parameters.length; i++) {
                if (!parameters[i].getType().isPrimitive()) {
                    Object[] arguments = new Object[parameters.length];
                    for (int j = 0; j < arguments.length; j++) {
                        arguments[j] = j == i ? null : sample(parameters[j].getType());
                    }
                    mistakes.add(new Mistake(
                            type.getSimpleName() + "." + callable.getName(), call, arguments, parameters[i].getName()));
                }
            }
        }
        return mistakes;
    }

    static Stream<Mistake> nulls() throws Exception {
        ChatServer server = ChatServer.builder().withoutPort().start();
        ChatClient.Builder client =
                ChatClient.builder(URI.create("ws://localhost:1/")).name("ada");
        List<Mistake> mistakes = new ArrayList<>();
        mistakes.addAll(mistakes(ChatServerBuilder.class, ChatServer.builder()));
        mistakes.addAll(mistakes(ChatServer.class, server));
        mistakes.addAll(mistakes(InMemoryClient.class, server.connect()));
        mistakes.addAll(mistakes(Limits.class, Limits.DEFAULT));
        mistakes.addAll(mistakes(Retention.class, Retention.DEFAULT));
        mistakes.addAll(mistakes(ChatClient.Builder.class, client));
        mistakes.addAll(mistakes(ChatClient.class, client.start()));
        mistakes.addAll(mistakes(RedisServers.class, RedisServers.cluster(List.of("a:1"))));
        mistakes.addAll(mistakes(RedisServers.Address.class, null));
        mistakes.addAll(mistakes(RedisServers.Identity.class, null));
        mistakes.addAll(mistakes(RedisServers.Login.class, null));
        mistakes.addAll(mistakes(RedisServers.Topology.Single.class, null));
        mistakes.addAll(mistakes(RedisServers.Topology.Sentinel.class, null));
        mistakes.addAll(mistakes(RedisServers.Topology.Cluster.class, null));
        mistakes.addAll(mistakes(Tokens.class, Tokens.signedWith(TokenMaker.SECRET)));
        mistakes.addAll(mistakes(Rules.class, null));
        mistakes.addAll(mistakes(ChannelOptions.class, ChannelOptions.DEFAULT));
        mistakes.addAll(mistakes(ChannelOptions.Rate.class, ChannelOptions.Rate.NONE));
        mistakes.addAll(mistakes(ChannelRules.class, ChannelRules.NONE));
        mistakes.addAll(mistakes(CurrentOptions.class, new CurrentOptions()));
        mistakes.addAll(mistakes(User.class, new User("ada")));
        mistakes.addAll(mistakes(Ban.class, new Ban(Ban.Kind.GUEST, "ada", Instant.EPOCH, "")));
        mistakes.addAll(mistakes(Content.Text.class, null));
        mistakes.addAll(mistakes(Content.Json.class, null));
        mistakes.addAll(mistakes(Payload.class, null));
        mistakes.addAll(mistakes(RefusedException.class, null));
        server.close();
        return mistakes.stream();
    }

    @ParameterizedTest
    @MethodSource("nulls")
    void nullIsRefusedByName(Mistake mistake) {
        assertThatThrownBy(() -> mistake.call().with(mistake.arguments()))
                .isInstanceOf(InvocationTargetException.class)
                .cause()
                .isInstanceOf(NullPointerException.class)
                .hasMessageStartingWith(mistake.parameter());
    }

    @Test
    void thereAreSoManyOfThem() throws Exception {
        assertThat(nulls()).hasSizeGreaterThan(100);
    }

    private static Protocol protocol(String name) {
        return new Protocol() {
            private final ChatV1 chat = new ChatV1();

            @Override
            public String name() {
                return name;
            }

            @Override
            public Request decode(Payload message) {
                return chat.decode(message);
            }

            @Override
            public Optional<Payload> encode(Request request, Event.Reply reply) {
                return chat.encode(request, reply);
            }

            @Override
            public Optional<Payload> encode(Event.Push push) {
                return chat.encode(push);
            }
        };
    }

    @Test
    void protocolsHaveNamesThatAHandshakeCanHave() {
        for (String name : new String[] {null, "", "two words", "a,b", "a;b", "ä", "a\n"}) {
            assertThatThrownBy(() -> ChatServer.builder().protocol(protocol(name)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a protocol's name must be a token of HTTP, without spaces and commas: " + name);
        }
        assertThatThrownBy(() -> ChatServer.builder().protocol(protocol("mine")).protocol(protocol("mine")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there are two protocols called mine");
        assertThatCode(() -> ChatServer.builder().protocol(protocol("chat.v1"))) // in place of the server's own
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "*", "/a/*/b", "/**", "/a?b", "/a#b", "/a b", "/ä", "http://a/b"})
    void handlersHavePathsThatARequestCanHave(String path) {
        assertThatThrownBy(() -> ChatServer.builder().webSocket(path, (socket, message) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a path must begin with /")
                .hasMessageEndingWith(path);
    }

    @Test
    void aPathHasOneHandler() {
        ChatServerBuilder builder = ChatServer.builder()
                .webSocket("/", (socket, message) -> {})
                .webSocket("/a%20b/~c", (socket, message) -> {})
                .webSocket("/*", (socket, message) -> {});
        assertThatThrownBy(() -> builder.webSocket("/*", (socket, message) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there are two handlers for /*");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void portsArePorts(int port) {
        assertThatThrownBy(() -> ChatServer.builder().port(port)).hasMessageStartingWith("port must be");
        assertThatThrownBy(() -> ChatServer.builder().tcpPort(port)).hasMessageStartingWith("tcpPort must be");
    }

    private static void assertRefuses(String name, Supplier<?> call) {
        assertThatThrownBy(call::get)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " must be");
    }

    @Test
    void durationsThatOverflowAreRefused() {
        assertRefuses("pingInterval", () -> Limits.DEFAULT.withPingInterval(ENDLESS));
        assertRefuses("pongTimeout", () -> Limits.DEFAULT.withPongTimeout(ENDLESS));
        assertRefuses("handshakeTimeout", () -> Limits.DEFAULT.withHandshakeTimeout(ENDLESS));
        assertRefuses("loginTimeout", () -> Limits.DEFAULT.withLoginTimeout(ENDLESS));
        assertRefuses("frameTimeout", () -> Limits.DEFAULT.withFrameTimeout(ENDLESS));
        assertRefuses("writeTimeout", () -> Limits.DEFAULT.withWriteTimeout(ENDLESS));
        assertRefuses("drainTimeout", () -> Limits.DEFAULT.withDrainTimeout(ENDLESS));
        assertRefuses("age", () -> Retention.DEFAULT.withAge(ENDLESS));
        assertRefuses("keys", () -> Retention.DEFAULT.withKeys(ENDLESS));
        assertRefuses("positions", () -> new Retention(1, Duration.ofDays(1), ENDLESS, Duration.ofDays(1), ENDLESS));
        ChatClient.Builder client = ChatClient.builder(URI.create("ws://localhost/"));
        assertRefuses("publishTimeout", () -> client.publishTimeout(ENDLESS));
        assertRefuses("connectTimeout", () -> client.connectTimeout(ENDLESS));
        assertRefuses("closeTimeout", () -> client.closeTimeout(ENDLESS));
        assertRefuses("backoff", () -> client.backoff(ENDLESS, ENDLESS));
        assertRefuses("the cap of the backoff", () -> client.backoff(Duration.ofMillis(1), ENDLESS));
    }

    /** The longest that is taken is reckoned with, wherever it is added to another time. */
    @Test
    void theLongestDurationsWork() throws Exception {
        Duration longest = Duration.ofDays(36_500);
        Limits limits = Limits.DEFAULT
                .withPingInterval(longest)
                .withPongTimeout(longest)
                .withHandshakeTimeout(longest)
                .withLoginTimeout(longest)
                .withFrameTimeout(longest)
                .withWriteTimeout(longest)
                .withDrainTimeout(longest);
        Retention retention = new Retention(10, longest, longest, longest, Retention.FOREVER);
        try (InMemoryBroker broker = new InMemoryBroker(retention);
                ChatServer server = ChatServer.builder()
                        .port(0)
                        .limits(limits)
                        .broker(broker)
                        .start();
                InMemoryClient ada = server.connect("chat.v1")) {
            ada.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            assertThat(ada.receive()).contains("subscribed");
            server.publish("lobby", "program", "hi");
            assertThat(ada.receive()).contains("hi");
            assertThat(broker.historyAfter("lobby", 0, 1).messages()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis:a", "http://a", "//a", "redis://a/x", "redis://a/99999999999"})
    void redisHasAnAddressOfRedis(String uri) {
        assertThatThrownBy(() -> RedisServers.at(URI.create(uri)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Redis' address must be")
                .describedAs(uri);
    }
}
