package io.seleucia.chat.examples.benchmark;

import java.nio.ByteBuffer;
import java.util.List;

/** How the load says things to a server, and what it makes of the answers. */
enum Dialect {
    CTESIPHON("ctesiphon", 0) {
        @Override
        List<String> subscription(String client, String channel) {
            return List.of(request(0, client, channel, ""));
        }

        @Override
        String publication(String client, String channel, String text) {
            return request(3, client, channel, ",\\\"Message\\\":\\\"" + text + "\\\"");
        }

        @Override
        boolean isMessage(ByteBuffer frame, int at) {
            return frame.get(at) == 'C'; // "Channel : …", where results are JSON
        }

        @Override
        Answer answer(String text) {
            return text.contains(" SUCCESSFULLY !") ? Answer.SUBSCRIBED : Answer.REFUSED;
        }

        private static String request(int kind, String client, String channel, String rest) {
            return "{\"Kind\":" + kind + ",\"Payload\":\"{\\\"ClientId\\\":\\\"" + client + "\\\",\\\"Channel\\\":\\\""
                    + channel + "\\\"" + rest + "}\"}";
        }
    },

    CHAT_V1("chat.v1", "\"}".length()) {
        @Override
        List<String> subscription(String client, String channel) {
            return List.of(
                    "{\"id\":1,\"type\":\"connect\",\"client\":\"" + client + "\"}",
                    "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "\"}");
        }

        @Override
        String publication(String client, String channel, String text) {
            return "{\"id\":3,\"type\":\"publish\",\"channel\":\"" + channel + "\",\"data\":\"" + text + "\"}";
        }

        @Override
        boolean isMessage(ByteBuffer frame, int at) {
            return frame.get(at + 2) == 't' && frame.get(at + 9) == 'm'; // {"type":"message", where replies have an id
        }

        @Override
        Answer answer(String text) {
            if (text.contains("\"type\":\"subscribed\"")) {
                return Answer.SUBSCRIBED;
            }
            boolean expected = text.contains("\"type\":\"connected\"") || text.contains("\"type\":\"published\"");
            return expected ? Answer.EXPECTED : Answer.REFUSED;
        }
    },

    /** No protocol: a text comes back as it is, and nothing is to be subscribed. */
    ECHO("", 0) {
        @Override
        List<String> subscription(String client, String channel) {
            return List.of();
        }

        @Override
        String publication(String client, String channel, String text) {
            return text;
        }

        @Override
        boolean isMessage(ByteBuffer frame, int at) {
            return true;
        }

        @Override
        Answer answer(String text) {
            return Answer.REFUSED;
        }
    };

    /** What a frame that is no message means. */
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

    /** What the handshake offers; empty for none. */
    String subprotocol() {
        return subprotocol;
    }

    /** How many bytes follow the text in a message. */
    int tail() {
        return tail;
    }

    /** The requests after which a client is a member. */
    abstract List<String> subscription(String client, String channel);

    /** The request that publishes a text. */
    abstract String publication(String client, String channel, String text);

    /** Whether a frame's payload, of {@link Stamp#LENGTH} bytes at least, is a message, and no answer. */
    abstract boolean isMessage(ByteBuffer frame, int at);

    /** What any other frame means. */
    abstract Answer answer(String text);
}
