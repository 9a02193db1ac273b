package io.seleucia.chat.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames as they stand on the wire; where only the payload matters, {@link #frame} makes a string of it. */
class CtesiphonTest {
    private static final Position POSITION = new Position("e", 7);
    private static final Request SUBSCRIBE = request(new Command.Subscribe("mychannel"));
    private static final Request UNSUBSCRIBE = request(new Command.Unsubscribe("mychannel"));
    private static final Request UNSUBSCRIBE_ALL = request(new Command.UnsubscribeAll());
    private static final Request PUBLISH = request(new Command.Publish("mychannel", new Content.Text("hi")));
    private static final Request LIST = request(new Command.ListChannels());
    private static final String UNKNOWN_KIND = "Kind must be 0, 1, 3 or 4, or its name";

    private final Ctesiphon protocol = new Ctesiphon();

    @Test
    void isChosenByItsName() {
        assertThat(protocol.name()).isEqualTo("ctesiphon");
    }

    @Test
    void takesTextOnly() {
        assertThat(protocol.accepts(Payload.of("{}"))).isTrue();
        assertThat(protocol.accepts(new Payload(false, new byte[0]))).isFalse();
    }

    @Test
    void encodesAllConnectionsAlike() {
        assertThat(protocol.open().format()).isEqualTo(protocol.open().format());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "\"CLIENT__SUBSCRIBE\""})
    void decodesSubscribe(String kind) {
        assertThat(decode("{\"Kind\":" + kind + ","
                        + "\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\",\\\"Channel\\\":\\\"mychannel\\\"}\"}"))
                .isEqualTo(SUBSCRIBE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"CLIENT_UNSUBSCRIBE\""})
    void decodesUnsubscribe(String kind) {
        assertThat(decode("{\"Kind\":" + kind + ","
                        + "\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\",\\\"Channel\\\":\\\"mychannel\\\"}\"}"))
                .isEqualTo(UNSUBSCRIBE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'ClientId':'adrian'}", "{'ClientId':'adrian','Channel':null}"})
    void decodesUnsubscribeWithoutChannelAsFromAll(String payload) {
        assertThat(decode(frame(1, payload))).isEqualTo(UNSUBSCRIBE_ALL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "\"CLIENT_MESSAGE\""})
    void decodesMessage(String kind) {
        assertThat(decode("{\"Kind\":" + kind + ",\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\","
                        + "\\\"Channel\\\":\\\"mychannel\\\",\\\"Message\\\":\\\"hi\\\"}\"}"))
                .isEqualTo(PUBLISH);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"Kind\":4}",
                "{\"Kind\":\"CLIENT_GET_CHANNELS\"}",
                "{\"Kind\":4,\"Payload\":null}",
                "{\"Kind\":4,\"Payload\":\"\"}",
                "{\"Kind\":4,\"Payload\":\"{}\"}"
            })
    void decodesGetChannels(String frame) {
        assertThat(decode(frame)).isEqualTo(Request.of(new Command.ListChannels()));
    }

    @Test
    void readsClientOfGetChannels() {
        assertThat(decode(frame(4, "{'ClientId':'adrian'}"))).isEqualTo(LIST);
    }

    @Test
    void ignoresOrderAndUnknownFields() {
        String frame = "{\"Extra\":[1,{\"a\":null}],\"Payload\":"
                + "\"{\\\"Channel\\\":\\\"mychannel\\\",\\\"Time\\\":1,\\\"ClientId\\\":\\\"adrian\\\"}\",\"Kind\":0}";

        assertThat(decode(frame)).isEqualTo(SUBSCRIBE);
    }

    @Test
    void ignoresWhitespaceBetweenTokens() {
        String frame = " {\n\"Kind\" :\t0 , \"Payload\" : \" { \\\"ClientId\\\" : \\\"adrian\\\" ,"
                + " \\\"Channel\\\":\\\"mychannel\\\" } \" }\r\n";

        assertThat(decode(frame)).isEqualTo(SUBSCRIBE);
    }

    @Test
    void keepsTextAsItIs() {
        String payload = "{'ClientId':'Ädrian','Channel':' my channel ','Message':'\\ud83d\\ude00 \\u0000\\n<b>'}";

        assertThat(decode(frame(3, payload)))
                .isEqualTo(new Request(
                        "",
                        Optional.of("Ädrian"),
                        new Command.Publish(" my channel ", new Content.Text("😀 \0\n<b>"))));
    }

    @Test
    void takesEmptyText() {
        Command command = decode(frame(3, "{'ClientId':'adrian','Channel':'mychannel','Message':''}"))
                .command();

        assertThat(command).isEqualTo(new Command.Publish("mychannel", new Content.Text("")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"Payload\":\"{}\"}", // no Kind
                "{\"kind\":4}", // names are case-sensitive
                "{\"KIND\":4}"
            })
    void refusesMissingKind(String frame) {
        assertMalformed(frame, "Kind is missing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "100", // the server's own
                "\"SERVER__RESULT\"",
                "2",
                "5",
                "-1",
                "0.5",
                "1e99",
                "1e999",
                "4294967296", // 0 in 32 bits
                "\"0\"",
                "\"4\"",
                "\"\"",
                "\"client__subscribe\"",
                "\"CLIENT_SUBSCRIBE\"", // one underscore short
                "\"GET_CHANNELS\"",
                "null",
                "true",
                "[4]",
                "{}"
            })
    void refusesUnknownKind(String kind) {
        assertMalformed("{\"Kind\":" + kind + ",\"Payload\":\"{}\"}", UNKNOWN_KIND);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void refusesMissingPayload(int kind) {
        assertMalformed("{\"Kind\":" + kind + "}", "Payload is missing");
        assertMalformed("{\"Kind\":" + kind + ",\"Payload\":null}", "Payload is missing");
        assertMalformed("{\"Kind\":" + kind + ",\"payload\":\"{}\"}", "Payload is missing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "true", "[]", "{\"ClientId\":\"adrian\",\"Channel\":\"mychannel\"}"})
    void refusesPayloadThatIsNoString(String payload) {
        assertMalformed("{\"Kind\":0,\"Payload\":" + payload + "}", "Payload must be a string");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "null", "[]", "'text'", "true"})
    void refusesPayloadThatHoldsNoObject(String payload) {
        assertMalformed(frame(0, payload), "Payload must be a JSON object");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "0 | {'Channel':'mychannel'} | ClientId is missing",
                "0 | {'ClientId':null,'Channel':'mychannel'} | ClientId is missing",
                "0 | {'clientid':'adrian','Channel':'mychannel'} | ClientId is missing",
                "0 | {'ClientId':'adrian'} | Channel is missing",
                "0 | {'ClientId':'adrian','Channel':null} | Channel is missing",
                "0 | {'ClientId':'adrian','channel':'mychannel'} | Channel is missing",
                "1 | {} | ClientId is missing",
                "1 | {'Channel':'mychannel'} | ClientId is missing",
                "3 | {'Channel':'mychannel','Message':'hi'} | ClientId is missing",
                "3 | {'ClientId':'adrian','Message':'hi'} | Channel is missing",
                "3 | {'ClientId':'adrian','Channel':'mychannel'} | Message is missing",
                "3 | {'ClientId':'adrian','Channel':'mychannel','Message':null} | Message is missing",
            })
    void refusesMissingFields(int kind, String payload, String why) {
        assertMalformed(frame(kind, payload), why);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "0 | {'ClientId':7,'Channel':'mychannel'} | ClientId must be a string",
                "0 | {'ClientId':'adrian','Channel':true} | Channel must be a string",
                "1 | {'ClientId':'adrian','Channel':7} | Channel must be a string",
                "1 | {'ClientId':['adrian']} | ClientId must be a string",
                "3 | {'ClientId':'adrian','Channel':{},'Message':'hi'} | Channel must be a string",
                "3 | {'ClientId':'adrian','Channel':'mychannel','Message':{'a':1}} | Message must be a string",
                "3 | {'ClientId':'adrian','Channel':'mychannel','Message':1} | Message must be a string",
            })
    void refusesFieldsOfTheWrongKind(int kind, String payload, String why) {
        assertMalformed(frame(kind, payload), why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'ClientId':'\\ud800','Channel':'mychannel','Message':'hi'}",
                "{'ClientId':'adrian','Channel':'a\\udc00b','Message':'hi'}",
                "{'ClientId':'adrian','Channel':'mychannel','Message':'\\ude00\\ud83d'}"
            })
    void refusesLoneSurrogates(String payload) {
        assertMalformed(frame(3, payload), "Payload is not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"Kind\":0,\"Payload\":\"\\ud800\"}", "{\"Kind\":\"\\ud800\"}"})
    void refusesLoneSurrogatesInTheFrame(String frame) {
        assertMalformed(frame, "the frame is not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "hello",
                "{",
                "{\"Kind\":4",
                "{\"Kind\":4,}",
                "{\"Kind\" 4}",
                "{\"Kind\":}",
                "{\"Kind\":04}",
                "{\"Kind\":+4}",
                "{\"Kind\":4.}",
                "{\"Kind\":0x4}",
                "{\"Kind\":4}}",
                "{\"Kind\":4} x",
                "{\"Kind\":4}{\"Kind\":4}",
                "{\"Kind\":4},"
            })
    void refusesWhatIsNoJson(String frame) {
        assertMalformed(frame, "the frame is not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'Kind':4}", // single quotes
                "{Kind:4}", // no quotes
                "{\"Kind\":CLIENT_GET_CHANNELS}",
                "{\"Kind\":4} // comment",
                "/* comment */ {\"Kind\":4}",
                "# comment\n{\"Kind\":4}",
                "{\"Kind\":4,\"a\":NaN}",
                "{\"Kind\":4,\"a\":-Infinity}",
                "{\"Kind\":NaN}",
                "{\"Kind\"=4}",
                "{\"Kind\"=>4}",
                "{\"Kind\":4;\"a\":1}",
                "{\"Kind\":4,\"a\":[1,,2]}",
                "{\"Kind\":4,\"a\":TRUE}",
                "{\"Kind\":4,\"a\":Null}",
                "{\"Kind\":4,\"a\":\"\\'\"}", // an escape of JavaScript
                "{\"Kind\":4,\"a\":\"\\x41\"}",
                "{\"Kind\":4,\"a\":\"\t\"}", // a control character
                "{\"Kind\":4,\"a\":\"\n\"}",
                "{\"Kind\":4,\"a\":\"\\\n\"}", // a line that goes on
                ")]}'\n{\"Kind\":4}" // what guards JSON against being run as a script
            })
    void refusesJsonThatOnlyLenientReadersTake(String frame) {
        assertMalformed(frame, "the frame is not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "adrian", "{", "{ClientId:1}", "{} {}", "{'a':NaN}", "{'a':1} // comment"})
    void refusesPayloadThatHoldsNoJson(String payload) {
        assertMalformed(frame(0, payload), "Payload is not valid JSON");
    }

    @Test
    void refusesSingleQuotesInPayload() {
        String payload = "{'ClientId':'adrian','Channel':'mychannel'}";

        assertMalformed("{\"Kind\":0,\"Payload\":\"" + payload + "\"}", "Payload is not valid JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "7", "\"text\"", "null", "true", "[{\"Kind\":4}]"})
    void refusesFrameThatIsNoObject(String frame) {
        assertMalformed(frame, "the frame must be a JSON object");
    }

    @Test
    void takesSomeNesting() {
        String nested = "[".repeat(60) + "]".repeat(60);

        assertThat(decode("{\"Kind\":4,\"a\":" + nested + "}").command()).isEqualTo(new Command.ListChannels());
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 65, 30_000})
    void refusesDeepNesting(int depth) {
        String arrays = "[".repeat(depth) + "]".repeat(depth);
        String objects = "{'a':".repeat(depth) + "1" + "}".repeat(depth);

        assertMalformed("{\"Kind\":4,\"a\":" + arrays + "}", "the frame is not valid JSON");
        assertMalformed("[".repeat(depth + 1), "the frame is not valid JSON");
        assertMalformed(frame(0, "{'a':" + objects + "}"), "Payload is not valid JSON");
    }

    @Test
    void encodesSubscribed() {
        assertThat(encode(SUBSCRIBE, new Event.Subscribed("mychannel", new Event.Recovery(POSITION, Optional.empty()))))
                .contains("{\"Kind\":100,\"Payload\":\"Subscribed to channel : mychannel SUCCESSFULLY !\"}");
    }

    @Test
    void encodesAlreadySubscribed() {
        assertThat(encode(SUBSCRIBE, failed(ErrorCode.ALREADY_SUBSCRIBED)))
                .contains("{\"Kind\":100,\"Payload\":\"Error: ALREADY SUBSCRIBED TO CHANNEL mychannel\"}");
    }

    @Test
    void encodesAnotherClientId() {
        for (Request request : List.of(SUBSCRIBE, UNSUBSCRIBE, UNSUBSCRIBE_ALL, PUBLISH, LIST)) {
            assertThat(encode(request, failed(ErrorCode.WRONG_CLIENT)))
                    .contains("{\"Kind\":100,\"Payload\":\"Error: ClientId mismatch ! \"}");
        }
    }

    @Test
    void encodesUnsubscribed() {
        assertThat(encode(UNSUBSCRIBE, new Event.Unsubscribed(List.of("mychannel"))))
                .contains("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE SUCCESSFUL\"}");
        assertThat(encode(UNSUBSCRIBE_ALL, new Event.Unsubscribed(List.of("a", "b"))))
                .contains("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE SUCCESSFUL\"}");
    }

    @Test
    void encodesNothingToUnsubscribe() {
        assertThat(encode(UNSUBSCRIBE, failed(ErrorCode.NOT_SUBSCRIBED)))
                .contains("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE UNSUCCESSFUL\"}");
        assertThat(encode(UNSUBSCRIBE_ALL, new Event.Unsubscribed(List.of())))
                .contains("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE UNSUCCESSFUL\"}");
    }

    @Test
    void encodesMessageWithoutSubscription() {
        assertThat(encode(PUBLISH, failed(ErrorCode.NOT_SUBSCRIBED)))
                .contains("{\"Kind\":100,\"Payload\":\"Can not send message. Client : adrian does not exist"
                        + " or is not subscribed to channel : mychannel\"}");
    }

    @Test
    void saysNothingOfMessageThatWasPublished() {
        assertThat(encode(PUBLISH, new Event.Published("mychannel", POSITION, false)))
                .isEmpty();
        assertThat(encode(PUBLISH, new Event.Published("mychannel", POSITION, true)))
                .isEmpty();
    }

    @Test
    void encodesChannels() {
        assertThat(encode(LIST, new Event.Channels(List.of("a", "mychannel"))))
                .contains("{\"Kind\":100,\"Payload\":\"[{\\\"Name\\\":\\\"a\\\",\\\"Value\\\":\\\"set\\\"},"
                        + "{\\\"Name\\\":\\\"mychannel\\\",\\\"Value\\\":\\\"set\\\"}]\"}");
    }

    @Test
    void encodesNoChannels() {
        assertThat(encode(LIST, new Event.Channels(List.of()))).contains("{\"Kind\":100,\"Payload\":\"[]\"}");
    }

    @ParameterizedTest
    @EnumSource(names = {"BAD_REQUEST", "TOO_MANY_CHANNELS", "RATE_LIMITED", "UNAVAILABLE", "INTERNAL"})
    void encodesOtherFailuresWithTheirReason(ErrorCode code) {
        for (Request request : List.of(SUBSCRIBE, UNSUBSCRIBE, UNSUBSCRIBE_ALL, PUBLISH, LIST)) {
            assertThat(encode(request, failed(code))).contains("{\"Kind\":100,\"Payload\":\"Error: the reason\"}");
        }
    }

    @Test
    void quotesNamesInReplies() {
        assertThat(encode(
                        SUBSCRIBE,
                        new Event.Subscribed("\"a\\b\" <ä😀>'&", new Event.Recovery(POSITION, Optional.empty()))))
                .contains("{\"Kind\":100,\"Payload\":"
                        + "\"Subscribed to channel : \\\"a\\\\b\\\" <ä😀>'& SUCCESSFULLY !\"}");
    }

    @Test
    void quotesNamesInListsTwice() {
        assertThat(encode(LIST, new Event.Channels(List.of("\"a\\"))))
                .contains("{\"Kind\":100,\"Payload\":"
                        + "\"[{\\\"Name\\\":\\\"\\\\\\\"a\\\\\\\\\\\",\\\"Value\\\":\\\"set\\\"}]\"}");
    }

    @Test
    void encodesMessageAsBareText() {
        assertThat(push(received(new Content.Text("hi, \"all\"\n<ä😀>"))))
                .contains("Channel : mychannel, Sender : adrian, Message : hi, \"all\"\n<ä😀>");
    }

    @Test
    void encodesEmptyMessage() {
        assertThat(push(received(new Content.Text("")))).contains("Channel : mychannel, Sender : adrian, Message : ");
    }

    @Test
    void encodesOtherContentAsItsJson() {
        assertThat(push(received(new Content.Json("{\"a\":[1,null]}"))))
                .contains("Channel : mychannel, Sender : adrian, Message : {\"a\":[1,null]}");
    }

    @Test
    void encodesMessageOfNoHistory() {
        Message message = new Message("mychannel", Position.NONE, "adrian", 0, new Content.Text("hi"));

        assertThat(push(new Event.Received(message))).contains("Channel : mychannel, Sender : adrian, Message : hi");
    }

    @Test
    void encodesLoss() {
        assertThat(push(new Event.Lost("mychannel", POSITION)))
                .contains("{\"Kind\":100,\"Payload\":\"Error: messages in channel mychannel were lost\"}");
    }

    private static Request request(Command command) {
        return new Request("", Optional.of("adrian"), command);
    }

    private static Event.Failed failed(ErrorCode code) {
        return new Event.Failed(code, "the reason");
    }

    private static Event.Received received(Content content) {
        return new Event.Received(new Message("mychannel", POSITION, "adrian", 1763697600123L, content));
    }

    /** A frame whose payload is written with single quotes for double ones. */
    private static String frame(int kind, String payload) {
        String quoted = payload.replace("'", "\"").replace("\\", "\\\\").replace("\"", "\\\"");
        return "{\"Kind\":" + kind + ",\"Payload\":\"" + quoted + "\"}";
    }

    private void assertMalformed(String frame, String why) {
        assertThat(decode(frame)).as(frame).isEqualTo(Request.of(new Command.Malformed(why)));
    }

    private Request decode(String frame) {
        return protocol.decode(Payload.of(frame));
    }

    private Optional<String> encode(Request request, Event.Reply reply) {
        return text(protocol.encode(request, reply));
    }

    private Optional<String> push(Event.Push push) {
        return text(protocol.encode(push));
    }

    private static Optional<String> text(Optional<Payload> payload) {
        payload.ifPresent(message -> assertThat(message.text()).isTrue());
        return payload.map(Payload::asString);
    }
}
