package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.protocol.xsockets.Caller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The protocol XSocketsNET as its clients see it, to the letter, with controllers of an embedding program. */
class ControllersTest {
    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final Set<Stock> stocks = ConcurrentHashMap.newKeySet(); // those that are open
    private ChatServer server;

    record Order(String share, int quantity, List<Double> prices) {
        Order {
            if (quantity < 0) {
                throw new IllegalArgumentException("secret");
            }
        }
    }

    enum Side {
        BUY,
        SELL
    }

    /** What of a controller should not be callable, and is inherited. */
    public static class Base {
        public String inherited() {
            return "inherited";
        }
    }

    /** Takes all kinds of arguments. */
    public static final class Stock extends Base implements AutoCloseable {
        private final Caller<Stock> caller;
        private final Set<Stock> stocks;
        private volatile double limit = Double.MAX_VALUE;

        Stock(Caller<Stock> caller, Set<Stock> stocks) {
            this.caller = caller;
            this.stocks = stocks;
            stocks.add(this);
        }

        public String text(String text) {
            return "<" + text + ">";
        }

        public int number(int number) {
            return number + 1;
        }

        public double fraction(Double fraction) {
            return fraction / 2;
        }

        public boolean truth(boolean truth) {
            return !truth;
        }

        public Side side(Side side) {
            return side == Side.BUY ? Side.SELL : Side.BUY;
        }

        public Order order(Order order) {
            return new Order(order.share() + "!", order.quantity(), order.prices());
        }

        public List<Order> orders(List<Order> orders) {
            return orders.reversed();
        }

        public JsonElement json(JsonElement json) {
            return json;
        }

        public String several(String share, int quantity) {
            return share + " " + quantity;
        }

        public int none() {
            return 42;
        }

        public void silent() {}

        public String nothing() {
            return null;
        }

        public String CamelCase() {
            return "camel";
        }

        public void fails() {
            throw new IllegalStateException("secret");
        }

        public void failsBadly() {
            throw new AssertionError("secret");
        }

        public Object unwritable() {
            return Double.NaN;
        }

        public String ids() {
            return caller.connectionId() + " " + caller.persistentId();
        }

        public void limit(double limit) {
            this.limit = limit;
        }

        public void tellMe(String text) {
            caller.invoke(text, "Told");
        }

        public void tellAll(String text) {
            caller.invokeToAll(text, "told");
        }

        public void tellOthers(String text) {
            caller.invokeToOthers(text, "told");
        }

        public void tellOver(double price) {
            caller.invokeTo(other -> other.limit > price, Map.of("price", price), "told");
        }

        public void tellSubscribers(String text) {
            caller.publish(text, "News");
        }

        public void tellReserved() {
            caller.invoke("x", "4");
        }

        public static String ofTheClass() {
            return "static";
        }

        String hidden() {
            return "hidden";
        }

        @Override
        public String toString() {
            return "a stock";
        }

        @Override
        public void close() {
            stocks.remove(this);
            if (limit == 0) {
                throw new IllegalStateException("out of stock");
            }
        }
    }

    /** Takes whatever has no method. */
    public static final class Echo {
        public String known() {
            return "known";
        }

        public String onMessage(String topic, JsonElement data) {
            return topic + " " + data;
        }
    }

    @BeforeEach
    void start() throws IOException {
        start(Limits.DEFAULT.withRateMessages(10_000).withRateBurst(10_000).withQuotas(Quotas.NONE));
    }

    private void start(Limits limits) throws IOException {
        stopServer();
        server = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(limits)
                .controller("Stock", Stock.class, caller -> new Stock(caller, stocks))
                .controller("echo", Echo.class, caller -> new Echo())
                .controller("broken", Echo.class, caller -> {
                    throw new IllegalStateException("secret");
                })
                .start();
    }

    @AfterEach
    void stop() {
        stopServer();
        broker.close();
    }

    private void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    private TestClient connect() throws Exception {
        return TestClient.connect(server.port(), "XSocketsNET");
    }

    private TestClient opened(String controller) throws Exception {
        TestClient client = connect();
        open(client, controller);
        return client;
    }

    private static JsonObject open(TestClient client, String controller) throws Exception {
        client.send("{\"c\":\"" + controller + "\",\"t\":\"1\"}");
        JsonObject frame = JsonParser.parseString(client.next()).getAsJsonObject();
        assertThat(frame.get("c").getAsString()).isEqualTo(controller);
        assertThat(frame.get("t").getAsString()).isEqualTo("2");
        return JsonParser.parseString(frame.get("d").getAsString()).getAsJsonObject();
    }

    private static String frame(String controller, String topic, String data) {
        return "{\"c\":\"" + controller + "\",\"t\":\"" + topic + "\",\"d\":" + data + "}";
    }

    /** What is answered when this is sent to the controller stock, with data as JSON. */
    private static String call(TestClient client, String topic, String data) throws Exception {
        return client.send(frame("stock", topic, data)).next();
    }

    private static void assertError(String frame, String controller, String message) {
        JsonObject error = new JsonObject();
        error.addProperty("message", message);
        JsonObject expected = new JsonObject();
        expected.addProperty("c", controller);
        expected.addProperty("t", "4");
        expected.addProperty("d", error.toString());
        assertThat(frame).isEqualTo(expected.toString());
    }

    /** Proves that nothing came before this: the answer to a ping is the next frame. */
    private static void expectNothingElse(TestClient client, String controller) throws Exception {
        client.send(frame(controller, "7", "{\"now\":1}"));
        assertThat(client.next()).isEqualTo(frame(controller, "8", "\"{\\\"now\\\":1}\""));
    }

    /** What the JavaScript client of version 6 sends, byte for byte. */
    @Test
    void speaksWithTheOriginalClient() throws Exception {
        try (TestClient client = TestClient.connect(server.port(), "XSocketsNET", "/?persistentid=browser%201");
                TestClient other = opened("stock")) {
            client.send("{\"C\":\"stock\",\"T\":\"1\"}");
            assertThat(client.next())
                    .matches("\\{\"C\":\"stock\",\"T\":\"2\",\"D\":\"\\{\\\\\"CI\\\\\":\\\\\"" + UUID
                            + "\\\\\",\\\\\"PI\\\\\":\\\\\"browser 1\\\\\"\\}\"\\}");
            client.send("{\"C\":\"echo\",\"T\":\"1\"}");
            assertThat(client.next()).startsWith("{\"C\":\"echo\",\"T\":\"2\",\"D\":\"");

            client.send("{\"C\":\"stock\",\"D\":\"\\\"hi\\\"\",\"T\":\"text\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"text\",\"D\":\"\\\"<hi>\\\"\"}");
            client.send("{\"C\":\"stock\",\"D\":\"7\",\"T\":\"text\"}"); // the string "7" looks like the number 7
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"text\",\"D\":\"\\\"<7>\\\"\"}");
            client.send("{\"C\":\"stock\",\"D\":7,\"T\":\"number\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"number\",\"D\":\"8\"}");
            client.send("{\"C\":\"stock\",\"D\":\"\\\"\\\"\",\"T\":\"none\"}"); // no argument
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"none\",\"D\":\"42\"}");

            client.send("{\"C\":\"stock\",\"D\":\"{\\\"T\\\":\\\"news\\\",\\\"A\\\":false}\",\"T\":\"5\"}");
            client.send("{\"C\":\"stock\",\"D\":\"{\\\"price\\\":1.50}\",\"T\":\"news\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"news\",\"D\":\"{\\\"price\\\":1.50}\"}");
            client.send("{\"C\":\"stock\",\"D\":\"{\\\"T\\\":\\\"news\\\",\\\"A\\\":false}\",\"T\":\"6\"}");
            client.send("{\"C\":\"stock\",\"D\":\"{\\\"price\\\":1.50}\",\"T\":\"news\"}");
            client.send("{\"C\":\"stock\",\"D\":\"\\\"all\\\"\",\"T\":\"tellall\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"told\",\"D\":\"\\\"all\\\"\"}");
            assertThat(other.next()).isEqualTo(frame("stock", "told", "\"\\\"all\\\"\""));

            client.send("{\"C\":\"stock\",\"T\":\"3\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"3\",\"D\":\"{}\"}");
            client.send("{\"C\":\"stock\",\"D\":\"\\\"hi\\\"\",\"T\":\"text\"}");
            assertThat(client.next())
                    .isEqualTo("{\"C\":\"stock\",\"T\":\"4\","
                            + "\"D\":\"{\\\"message\\\":\\\"controller stock is not open\\\"}\"}");
        }
    }

    @Test
    void namesConnectionsAndThoseWhoComeBack() throws Exception {
        try (TestClient one = TestClient.connect(server.port(), "XSocketsNET", "/?a=b&persistentId=p%C3%A4");
                TestClient two = TestClient.connect(server.port(), "XSocketsNET", "/?persistentid=");
                TestClient three = connect();
                TestClient four = TestClient.connect(server.port(), "XSocketsNET", "/?persistentid=null")) {
            JsonObject first = open(one, "stock");
            assertThat(first.keySet()).containsExactly("CI", "PI");
            assertThat(first.get("PI").getAsString()).isEqualTo("pä");
            assertThat(open(one, "echo")).isEqualTo(first);
            assertThat(open(one, "stock")).isEqualTo(first); // once more changes nothing
            assertThat(stocks).hasSize(1);
            assertThat(call(one, "ids", "null"))
                    .isEqualTo(frame("stock", "ids", "\"\\\"" + first.get("CI").getAsString() + " pä\\\"\""));
            JsonObject second = open(two, "stock");
            JsonObject third = open(three, "stock");
            JsonObject fourth = open(four, "stock"); // the original client, when it comes for the first time
            assertThat(List.of(first, second, third, fourth))
                    .extracting(names -> names.get("CI"))
                    .doesNotHaveDuplicates();
            assertThat(List.of(second, third, fourth))
                    .extracting(names -> names.get("PI").getAsString())
                    .doesNotHaveDuplicates()
                    .allMatch(name -> name.matches(UUID));
        }
    }

    @Test
    void bindsWhatIsSentToTheOneParameter() throws Exception {
        try (TestClient client = opened("stock")) {
            for (String[] call : new String[][] {
                {"text", "\"plain\"", "\"<plain>\""},
                {"text", "true", "\"<true>\""},
                {"number", "1", "2"},
                {"number", "-2147483648", "-2147483647"},
                {"fraction", "1", "0.5"},
                {"truth", "true", "false"},
                {"side", "\"BUY\"", "\"SELL\""},
                {
                    "order",
                    "{\"share\":\"x\",\"quantity\":2,\"prices\":[1,2.5],\"more\":1}",
                    "{\"share\":\"x!\",\"quantity\":2,\"prices\":[1.0,2.5]}"
                },
                {
                    "orders",
                    "[{\"share\":\"a\",\"quantity\":1},{\"share\":\"b\",\"quantity\":2}]",
                    "[{\"share\":\"b\",\"quantity\":2,\"prices\":null},{\"share\":\"a\",\"quantity\":1,\"prices\":null}]"
                },
                {"json", "{\"a\":[1,2.50,null,\"<ä>\"]}", "{\"a\":[1,2.50,null,\"<ä>\"]}"},
                {"json", "null", "null"},
                {"several", "{\"quantity\":3,\"share\":\"x\"}", "\"x 3\""},
                {"several", "{\"quantity\":3}", "\"null 3\""},
                {"none", "{\"ignored\":[]}", "42"},
                {"nothing", "1", "null"},
                {"inherited", "1", "\"inherited\""},
            }) {
                assertThat(call(client, call[0], call[1]))
                        .as(call[0] + " " + call[1])
                        .isEqualTo(frame("stock", call[0], quoted(call[2])));
                assertThat(call(client, call[0], quoted(call[1])))
                        .as(call[0] + " " + call[1] + " in a string")
                        .isEqualTo(frame("stock", call[0], quoted(call[2])));
            }
            client.send("{\"c\":\"stock\",\"t\":\"json\"}");
            assertThat(client.next()).isEqualTo(frame("stock", "json", "\"null\""));
        }
    }

    private static String quoted(String json) {
        return "\"" + json.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    @Test
    void refusesWhatDoesNotFitAndGoesOn() throws Exception {
        try (LoggedLines log = new LoggedLines();
                TestClient client = opened("stock")) {
            for (String[] call : new String[][] {
                {"text", "{}"},
                {"number", "null"},
                {"number", "\"x\""},
                {"number", "1.5"},
                {"number", "2147483648"},
                {"truth", "\"yes\""},
                {"truth", "1"},
                {"side", "\"HOLD\""},
                {"order", "[]"},
                {"order", "{\"quantity\":2147483648}"},
                {"order", "{\"quantity\":-1}"},
            }) {
                assertError(call(client, call[0], call[1]), "stock", "d does not fit what " + call[0] + " takes");
            }
            assertError(call(client, "several", "1"), "stock", "d must be an object with the parameters of several");
            assertError(
                    call(client, "several", "{\"share\":\"x\"}"), "stock", "quantity does not fit what several takes");
            expectNothingElse(client, "stock");
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void callsNothingThatIsNotMeantToBeCalled() throws Exception {
        try (TestClient client = opened("stock")) {
            for (String name : List.of(
                    "toString", "hashCode", "getClass", "wait", "notify", "equals", "close", "ofTheClass", "hidden")) {
                client.send(frame("stock", name, "1")); // is pub/sub, and nobody has subscribed
            }
            expectNothingElse(client, "stock");
            assertThat(stocks).hasSize(1);
        }
    }

    @Test
    void logsWhatAMethodThrowsOnceAndTellsNobody() throws Exception {
        try (TestClient client = opened("stock")) {
            for (String method : List.of("fails", "failsBadly", "unwritable", "tellReserved")) {
                try (LoggedLines log = new LoggedLines()) {
                    assertError(call(client, method, "1"), "stock", "internal error");
                    assertThat(log.lines()).singleElement().asString().endsWith("a request failed");
                    assertThat(log.stackTraces())
                            .singleElement()
                            .extracting(Throwable::getMessage)
                            .isEqualTo(Stock.class.getName() + "." + method + " failed");
                }
            }
            try (LoggedLines log = new LoggedLines()) {
                assertError(client.send("{\"c\":\"broken\",\"t\":\"1\"}").next(), "broken", "internal error");
                assertThat(log.stackTraces()).hasSize(1);
            }
            assertError(client.send(frame("broken", "known", "1")).next(), "broken", "controller broken is not open");
            expectNothingElse(client, "stock");
        }
    }

    @Test
    void answersWhatItCanNotReadAndStaysOpen() throws Exception {
        try (TestClient client = opened("stock")) {
            assertError(client.send("hello").next(), "", "the message is not valid JSON");
            assertError(client.send("[]").next(), "", "the message must be a JSON object");
            assertError(client.send("{}").next(), "", "c must be a string");
            assertError(client.send("{\"c\":\"stock\"}").next(), "stock", "t must be a string");
            assertError(client.send("{\"c\":\"stock\",\"t\":1}").next(), "stock", "t must be a string");
            String flaw = "the name of a controller or a topic must have 1 to 128 characters";
            assertError(client.send(frame("stock", "x".repeat(129), "1")).next(), "stock", flaw);
            assertError(client.send(frame("x".repeat(129), "1", "1")).next(), "", flaw);
            assertError(client.send(frame("stock", "", "1")).next(), "stock", flaw);
            assertError(client.send(frame("nobody", "1", "1")).next(), "nobody", "there is no controller nobody");
            assertError(client.send(frame("nobody", "x", "1")).next(), "nobody", "controller nobody is not open");
            assertError(client.send(frame("echo", "known", "1")).next(), "echo", "controller echo is not open");
            assertError(client.send(frame("echo", "7", "1")).next(), "echo", "controller echo is not open");
            assertError(client.send(frame("stock", "0", "1")).next(), "stock", "topic 0 is the server's");
            assertError(client.send(frame("stock", "2", "1")).next(), "stock", "topic 2 is the server's");
            assertError(client.send(frame("stock", "5", "1")).next(), "stock", "d must be a JSON object");
            assertError(client.send(frame("stock", "5", "{}")).next(), "stock", "t must be a string");
            client.send(frame("stock", "4", "1")).send(frame("stock", "8", "1"));
            expectNothingElse(client, "stock");
        }
    }

    @Test
    void takesNamesInAnyCase() throws Exception {
        try (TestClient client = connect()) {
            assertThat(client.send(frame("STOCK", "1", "1")).next()).startsWith("{\"c\":\"stock\",\"t\":\"2\"");
            assertThat(client.send(frame("sTock", "camelCASE", "1")).next())
                    .isEqualTo(frame("stock", "camelcase", "\"\\\"camel\\\"\""));
            assertThat(call(client, "TellMe", "\"hi\"")).isEqualTo(frame("stock", "told", "\"\\\"hi\\\"\""));
            client.send(frame("stock", "5", "{\"t\":\"NEWS\"}")).send(frame("stock", "tellSubscribers", "\"hi\""));
            assertThat(client.next()).isEqualTo(frame("stock", "news", "\"\\\"hi\\\"\""));
        }
    }

    @Test
    void answersInUpperCaseWhoSpeaksIt() throws Exception {
        try (TestClient client = opened("stock");
                TestClient other = opened("stock")) {
            client.send("{\"C\":\"stock\",\"T\":\"tellAll\",\"D\":\"x\"}");
            assertThat(client.next()).isEqualTo("{\"C\":\"stock\",\"T\":\"told\",\"D\":\"\\\"x\\\"\"}");
            assertThat(other.next()).isEqualTo("{\"c\":\"stock\",\"t\":\"told\",\"d\":\"\\\"x\\\"\"}");
            assertThat(call(other, "tellAll", "1")).startsWith("{\"c\"");
            assertThat(client.next()).startsWith("{\"C\"");
        }
    }

    @Test
    void givesTheRestToOnMessage() throws Exception {
        try (TestClient client = opened("echo")) {
            assertThat(client.send(frame("echo", "known", "1")).next())
                    .isEqualTo(frame("echo", "known", "\"\\\"known\\\"\""));
            assertThat(client.send(frame("echo", "Other", "[1]")).next())
                    .isEqualTo(frame("echo", "other", "\"\\\"other [1]\\\"\""));
            assertThat(client.send(frame("echo", "onMessage", "1")).next())
                    .isEqualTo(frame("echo", "onmessage", "\"\\\"onmessage 1\\\"\""));
        }
    }

    @Test
    void reachesThoseWhoAreMeant() throws Exception {
        try (TestClient ada = opened("stock");
                TestClient bob = opened("stock");
                TestClient stranger = opened("echo")) {
            bob.send(frame("stock", "limit", "10"));
            expectNothingElse(bob, "stock");
            ada.send(frame("stock", "tellMe", "\"me\"")).send(frame("stock", "tellOthers", "\"others\""));
            ada.send(frame("stock", "tellAll", "\"all\"")).send(frame("stock", "tellOver", "20"));
            ada.send(frame("stock", "tellOver", "5"));

            for (String told : List.of("\"me\"", "\"all\"", "{\"price\":20.0}", "{\"price\":5.0}")) {
                assertThat(ada.next()).isEqualTo(frame("stock", "told", quoted(told)));
            }
            for (String told : List.of("\"others\"", "\"all\"", "{\"price\":5.0}")) {
                assertThat(bob.next()).isEqualTo(frame("stock", "told", quoted(told)));
            }
            expectNothingElse(ada, "stock");
            expectNothingElse(bob, "stock");
            expectNothingElse(stranger, "echo");
        }
    }

    @Test
    void publishesToThoseWhoHaveSubscribed() throws Exception {
        try (TestClient ada = opened("stock");
                TestClient bob = opened("stock");
                TestClient elsewhere = opened("generic")) {
            elsewhere.send(frame("generic", "5", "{\"T\":\"news\"}"));
            expectNothingElse(elsewhere, "generic");
            bob.send(frame("stock", "5", "{\"T\":\"news\",\"A\":true}"));
            assertThat(bob.next()).isEqualTo(frame("stock", "5", quoted("{\"T\":\"news\",\"A\":true}")));
            bob.send(frame("stock", "5", "{\"T\":\"news\",\"A\":false}")); // once more changes nothing

            ada.send(frame("stock", "news", "{\"by\":null}")).send(frame("stock", "tellSubscribers", "\"x\""));
            assertThat(bob.next()).isEqualTo(frame("stock", "news", quoted("{\"by\":null}")));
            assertThat(bob.next()).isEqualTo(frame("stock", "news", quoted("\"x\"")));
            ada.send(frame("stock", "other", "1"));

            bob.send(frame("stock", "6", "{\"T\":\"news\",\"A\":true}"));
            assertThat(bob.next()).isEqualTo(frame("stock", "6", quoted("{\"T\":\"news\",\"A\":true}")));
            bob.send(frame("stock", "6", "{\"T\":\"news\"}"));
            ada.send(frame("stock", "news", "1"));
            expectNothingElse(ada, "stock");
            expectNothingElse(bob, "stock");
            expectNothingElse(elsewhere, "generic");
        }
    }

    @Test
    void limitsTheTopicsOfAConnection() throws Exception {
        start(Limits.DEFAULT.withMaxChannels(2));
        try (TestClient client = opened("stock")) {
            open(client, "echo");
            client.send(frame("stock", "5", "{\"T\":\"one\"}")).send(frame("echo", "5", "{\"T\":\"two\"}"));
            assertError(client.send(frame("stock", "5", "{\"T\":\"three\"}")).next(), "stock", "at most 2 topics");
            client.send(frame("stock", "5", "{\"T\":\"one\"}")).send(frame("echo", "6", "{\"T\":\"two\"}"));
            client.send(frame("stock", "5", "{\"T\":\"three\"}"));
            expectNothingElse(client, "stock");
        }
    }

    @Test
    void limitsTheRateOfCalls() throws Exception {
        start(Limits.DEFAULT.withRateMessages(1).withRateBurst(2));
        try (TestClient client = opened("stock")) {
            assertThat(call(client, "none", "1")).isEqualTo(frame("stock", "none", "\"42\""));
            assertError(call(client, "none", "1"), "stock", "too many requests, slow down");
        }
    }

    @Test
    void passesOnWhatGenericIsSent() throws Exception {
        try (TestClient ada = opened("generic");
                TestClient bob = opened("generic");
                TestClient stranger = opened("stock")) {
            ada.send(frame("generic", "Anything", "{\"x\":[1,null]}"));
            for (TestClient client : List.of(ada, bob)) {
                assertThat(client.next()).isEqualTo(frame("generic", "anything", quoted("{\"x\":[1,null]}")));
            }
            expectNothingElse(stranger, "stock");
        }
    }

    @Test
    void changesMessagesOfTheChat() throws Exception {
        try (TestClient ada = opened("chat");
                ChatV1Contract.Client eve = ChatV1Contract.member(server.port(), "eve", "lobby")) {
            ada.send(frame("chat", "join", "{\"channel\":\"lobby\"}")).next();
            ada.send(frame("chat", "say", "{\"channel\":\"lobby\",\"text\":\"hi\"}"));
            message(ada);
            for (String topic : List.of("edit", "react", "reply", "delete")) {
                ada.send(frame("chat", topic, "{\"channel\":\"lobby\",\"offset\":1,\"text\":\"!\"}"));
            }

            JsonObject edited = told(ada, "edited");
            assertThat(edited.keySet()).containsExactly("channel", "offset", "ref", "sender", "time", "text");
            assertThat(edited.get("offset").getAsLong()).isEqualTo(2);
            assertThat(edited.get("ref").getAsLong()).isEqualTo(1);
            assertThat(edited.get("text").getAsString()).isEqualTo("!");
            assertThat(told(ada, "reaction").get("text").getAsString()).isEqualTo("!");
            assertThat(message(ada).getAsJsonObject("ref").get("kind").getAsString())
                    .isEqualTo("reply");
            assertThat(told(ada, "deleted").keySet()).containsExactly("channel", "offset", "ref", "sender", "time");
            for (String kind : List.of("", "edit", "reaction", "reply", "delete")) {
                JsonObject pushed = eve.push("message");
                assertThat(
                                pushed.has("ref")
                                        ? pushed.getAsJsonObject("ref")
                                                .get("kind")
                                                .getAsString()
                                        : "")
                        .isEqualTo(kind);
            }
            assertError(
                    ada.send(frame("chat", "edit", "{\"channel\":\"lobby\",\"text\":\"!\"}"))
                            .next(),
                    "chat",
                    "offset is missing");
        }
    }

    private static JsonObject told(TestClient client, String topic) throws InterruptedException {
        JsonObject frame = JsonParser.parseString(client.next()).getAsJsonObject();
        assertThat(frame.get("t").getAsString()).as(frame.toString()).isEqualTo(topic);
        return JsonParser.parseString(frame.get("d").getAsString()).getAsJsonObject();
    }

    @Test
    void sharesChannelsWithTheOtherProtocols() throws Exception {
        try (TestClient ada = opened("chat");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby");
                ChatV1Contract.Client eve = ChatV1Contract.member(server.port(), "eve", "lobby")) {
            assertError(
                    ada.send(frame("chat", "say", "{\"channel\":\"lobby\",\"text\":\"hi\"}"))
                            .next(),
                    "chat",
                    "not subscribed to lobby");
            assertThat(ada.send(frame("chat", "Join", "{\"channel\":\"lobby\"}"))
                            .next())
                    .isEqualTo(frame("chat", "join", quoted("{\"channel\":\"lobby\"}")));
            assertThat(ada.send(frame("chat", "channels", "\"\"")).next())
                    .isEqualTo(frame("chat", "channels", quoted("[\"lobby\"]")));
            assertError(
                    ada.send(frame("chat", "join", "{\"channel\":\"lobby\"}")).next(),
                    "chat",
                    "already subscribed to lobby");

            ada.send(frame("chat", "say", quoted("{\"channel\":\"lobby\",\"text\":\"hi \\\"all\\\"\"}")));
            JsonObject own = message(ada);
            assertThat(own.keySet()).containsExactly("channel", "offset", "sender", "time", "data");
            assertThat(own.get("channel").getAsString()).isEqualTo("lobby");
            assertThat(own.get("offset").getAsLong()).isEqualTo(1);
            assertThat(own.get("sender").getAsString()).startsWith("guest-");
            assertThat(own.get("data").getAsString()).isEqualTo("hi \"all\"");
            assertThat(bob.next())
                    .isEqualTo(
                            "Channel : lobby, Sender : " + own.get("sender").getAsString() + ", Message : hi \"all\"");
            assertThat(eve.push("message").get("time")).isEqualTo(own.get("time"));

            bob.publish("bob", "lobby", "hello");
            eve.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":{\"a\":[1,null]}}");
            List<JsonObject> others = List.of(message(ada), message(ada));
            assertThat(others)
                    .extracting(message -> message.get("sender").getAsString())
                    .containsExactlyInAnyOrder("bob", "eve");
            assertThat(others)
                    .extracting(message -> message.get("data").toString())
                    .containsExactlyInAnyOrder("\"hello\"", "{\"a\":[1,null]}");
            assertThat(others)
                    .extracting(message -> message.get("offset").getAsLong())
                    .containsExactly(2L, 3L);

            assertThat(ada.send(frame("chat", "leave", "{\"channel\":\"lobby\"}"))
                            .next())
                    .isEqualTo(frame("chat", "leave", quoted("{\"channel\":\"lobby\"}")));
            assertError(
                    ada.send(frame("chat", "leave", "{\"channel\":\"lobby\"}")).next(),
                    "chat",
                    "not subscribed to lobby");
            bob.publish("bob", "lobby", "gone");
            for (JsonObject message : others) { // bob's or eve's first, but for all the same
                String text = message.get("sender").getAsString().equals("bob") ? "hello" : "{\"a\":[1,null]}";
                assertThat(bob.next()).endsWith(text);
            }
            assertThat(bob.next()).endsWith("gone");
            expectNothingElse(ada, "chat");
        }
    }

    private static JsonObject message(TestClient client) throws Exception {
        JsonObject frame = JsonParser.parseString(client.next()).getAsJsonObject();
        assertThat(frame.get("c").getAsString()).isEqualTo("chat");
        assertThat(frame.get("t").getAsString()).isEqualTo("message");
        return JsonParser.parseString(frame.get("d").getAsString()).getAsJsonObject();
    }

    @Test
    void letsNobodyForgeAMessage() throws Exception {
        try (TestClient ada = opened("chat");
                TestClient bob = opened("chat")) {
            bob.send(frame("chat", "5", "{\"T\":\"message\"}")).send(frame("chat", "join", "{\"channel\":\"a\"}"));
            assertThat(bob.next()).startsWith("{\"c\":\"chat\",\"t\":\"join\"");
            assertError(ada.send(frame("chat", "message", "{}")).next(), "chat", "chat has no topic message");
            assertError(ada.send(frame("chat", "say", "[]")).next(), "chat", "d must be a JSON object");
            assertError(ada.send(frame("chat", "join", "{}")).next(), "chat", "channel is missing");
            assertError(
                    ada.send(frame("chat", "join", "{\"channel\":\"@bob\"}")).next(),
                    "chat",
                    "a channel's name must not start with @");
            expectNothingElse(bob, "chat");
        }
    }

    @Test
    void leavesAllChannelsWhenTheChatIsClosed() throws Exception {
        try (TestClient ada = opened("chat");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            ada.send(frame("chat", "join", "{\"channel\":\"lobby\"}")).next();
            assertThat(broker.members("lobby")).hasSize(2);
            assertThat(ada.send(frame("chat", "3", "1")).next()).isEqualTo(frame("chat", "3", "\"{}\""));
            assertThat(broker.members("lobby")).hasSize(1);
            bob.publish("bob", "lobby", "hi");
            assertThat(bob.next()).endsWith("hi");
            assertError(ada.send(frame("chat", "channels", "1")).next(), "chat", "controller chat is not open");
            open(ada, "chat");
            assertThat(ada.send(frame("chat", "channels", "1")).next()).isEqualTo(frame("chat", "channels", "\"[]\""));
        }
    }

    @Test
    void givesEverythingBack() throws Exception {
        try (TestClient bob = opened("stock")) {
            TestClient closes = opened("stock");
            closes.send(frame("stock", "5", "{\"T\":\"news\"}"));
            expectNothingElse(closes, "stock");
            assertThat(stocks).hasSize(2);
            Set<Stock> closed = new HashSet<>(stocks);
            assertThat(closes.send(frame("stock", "3", "1")).next()).isEqualTo(frame("stock", "3", "\"{}\""));
            assertThat(stocks).hasSize(1);
            closed.removeAll(stocks);
            closed.forEach(stock -> stock.tellMe("too late"));
            bob.send(frame("stock", "news", "1")).send(frame("stock", "tellOthers", "\"x\""));
            expectNothingElse(bob, "stock");
            open(closes, "stock"); // another object, with no subscriptions
            assertThat(stocks).hasSize(2);
            bob.send(frame("stock", "news", "1"));
            expectNothingElse(bob, "stock");
            expectNothingElse(closes, "stock");
            closes.close();
            eventually(() -> assertThat(stocks).hasSize(1));

            TestClient vanishes = opened("chat");
            open(vanishes, "stock");
            vanishes.send(frame("chat", "join", "{\"channel\":\"lobby\"}")).next();
            vanishes.abort();
            eventually(() -> assertThat(stocks).hasSize(1));
            eventually(() -> assertThat(broker.members("lobby")).isEmpty());
        }
    }

    @Test
    void reachesNobodyThroughOneWhoHasGoneButTheOthers() throws Exception {
        try (TestClient bob = opened("stock")) {
            TestClient ada = opened("stock");
            String id = open(ada, "stock").get("CI").getAsString();
            Stock gone = stocks.stream()
                    .filter(stock -> stock.caller.connectionId().equals(id))
                    .findFirst()
                    .orElseThrow();
            ada.close();
            eventually(() -> assertThat(stocks).hasSize(1));

            gone.tellMe("me");
            gone.tellSubscribers("news");
            gone.tellAll("all");

            assertThat(bob.next()).isEqualTo(frame("stock", "told", "\"\\\"all\\\"\""));
            expectNothingElse(bob, "stock");
        }
    }

    @Test
    void logsWhatFailsWhenItIsClosed() throws Exception {
        try (LoggedLines log = new LoggedLines();
                TestClient client = opened("stock")) {
            client.send(frame("stock", "limit", "0")).send(frame("stock", "3", "1"));
            assertThat(client.next()).isEqualTo(frame("stock", "3", "\"{}\""));
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .matches("closing the controller stock of .*:\\d+ failed");
        }
    }

    @Test
    void showsAllTheSameOrder() throws Exception {
        int each = 200;
        try (TestClient ada = opened("generic");
                TestClient bob = opened("generic")) {
            Thread other = Thread.ofVirtual().start(() -> sendNumbers(bob, "bob", each));
            sendNumbers(ada, "ada", each);
            other.join();
            List<String> seen = new ArrayList<>();
            for (int i = 0; i < 2 * each; i++) {
                seen.add(ada.next());
                assertThat(bob.next()).isEqualTo(seen.getLast());
            }
            assertThat(seen).doesNotHaveDuplicates();
        }
    }

    private static void sendNumbers(TestClient client, String topic, int count) {
        for (int i = 0; i < count; i++) {
            client.send(frame("generic", topic, "" + i));
        }
    }

    @Test
    void closesAClientThatNeverReadsAndNobodyElseNotices() throws Exception {
        start(Limits.DEFAULT
                .withOutboundQueueBytes(64 * 1024)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE)
                .withWriteTimeout(Duration.ofMillis(500)));
        String handshake = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replaceFirst("\r\n\r\n", "\r\nSec-WebSocket-Protocol: XSocketsNET\r\n\r\n");
        try (TestClient ada = opened("stock");
                RawClient deaf = RawClient.connect(server.port())) {
            deaf.send(handshake.getBytes(StandardCharsets.US_ASCII)).readHandshake();
            deaf.send(RawClient.frame(
                    RawClient.TEXT, "{\"c\":\"stock\",\"t\":\"1\"}".getBytes(StandardCharsets.US_ASCII)));
            assertThat(deaf.read(RawClient.TEXT)).contains("\"t\":\"2\"");
            assertThat(stocks).hasSize(2);
            String text = "x".repeat(16 * 1024);
            for (int i = 0; stocks.size() == 2; i++) {
                assertThat(i).as("messages until the slow consumer is closed").isLessThan(10_000);
                ada.send(frame("stock", "tellAll", "\"" + text + "\""));
                assertThat(ada.next()).contains(text);
            }
            eventually(() -> assertThat(server.connections()).isEqualTo(1));
        }
    }

    @Test
    void refusesTwoControllersOfOneName() {
        ChatServerBuilder builder = ChatServer.builder().port(0).controller("CHAT", Echo.class, caller -> new Echo());

        assertThatThrownBy(builder::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there are two controllers called chat");
    }
}
