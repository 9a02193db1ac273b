package io.seleucia.chat.benchmark;

import java.nio.ByteBuffer;
import java.util.List;

/** The requests and replies of a protocol, as the load needs them. */
enum Dialect {
    CTESIPHON("ctesiphon", 0),
    CHAT_V1("chat.v1", "\"}".length()),
    /** No protocol: texts are echoed. */
    ECHO("", 0);

    /** The meaning of a frame that is not a message. */
    enum Answer {
        SUBSCRIBED,
        EXPECTED,
        REFUSED
    }

    private final String subprotocol;
    private final int tail;

    Dialect(String subprotocol, int tail) {
        this.subprotocol = subprotocol;
        this.tail = tail;
    }

    /** Returns the subprotocol for the handshake, or an empty text. */
    String subprotocol() {
        return subprotocol;
    }

    /** Returns the number of bytes after the text in a message. */
    int tail() {
        return tail;
    }

    /** Returns the requests by which a client becomes a member. */
    List<String> subscription(String client, String channel) {
        return switch (this) {
            case CTESIPHON -> List.of(ctesiphon(0, client, channel, ""));
            case CHAT_V1 ->
                List.of(
                        "{\"id\":1,\"type\":\"connect\",\"client\":\"" + client + "\"}",
                        "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
            case ECHO -> List.of();
        };
    }

    /** Returns the request that publishes a text. */
    String publication(String client, String channel, String text) {
        return switch (this) {
            case CTESIPHON -> ctesiphon(3, client, channel, ",\\\"Message\\\":\\\"" + text + "\\\"");
            case CHAT_V1 -> "{\"id\":3,\"type\":\"publish\",\"channel\":\"" + channel + "\",\"data\":\"" + text + "\"}";
            case ECHO -> text;
        };
    }

    private static String ctesiphon(int kind, String client, String channel, String rest) {
        return "{\"Kind\":" + kind + ",\"Payload\":\"{\\\"ClientId\\\":\\\"" + client + "\\\",\\\"Channel\\\":\\\""
                + channel + "\\\"" + rest + "}\"}";
    }

    /** Returns whether a payload of at least {@link Stamp#LENGTH} bytes is a message. */
    boolean isMessage(ByteBuffer frame, int at) {
        return switch (this) {
            case CTESIPHON -> frame.get(at) == 'C'; // "Channel : …", where results are JSON
            case CHAT_V1 ->
                frame.get(at + 2) == 't' && frame.get(at + 9) == 'm'; // {"type":"message", replies have an id
            case ECHO -> true;
        };
    }

    Answer answer(String text) {
        String subscribed = this == CTESIPHON ? " SUCCESSFULLY !" : "\"type\":\"subscribed\"";
        if (this != ECHO && text.contains(subscribed)) {
            return Answer.SUBSCRIBED;
        }
        boolean expected =
                this == CHAT_V1 && (text.contains("\"type\":\"connected\"") || text.contains("\"type\":\"published\""));
        return expected ? Answer.EXPECTED : Answer.REFUSED;
    }
}
