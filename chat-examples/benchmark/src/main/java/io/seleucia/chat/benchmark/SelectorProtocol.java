package io.seleucia.chat.benchmark;

import java.io.IOException;

/**
 * The protocols as far as {@link SelectorServer} needs them. Fields are found by their names, without parsing the JSON: that
 * is less work than in a server for other clients than this load.
 */
enum SelectorProtocol {
    CTESIPHON,
    CHAT_V1;

    enum Action {
        CONNECT,
        SUBSCRIBE,
        PUBLISH
    }

    /** A request; missing fields are empty. */
    record Request(Action action, String client, String channel, String text) {}

    Request read(String frame) throws IOException {
        return this == CTESIPHON ? readCtesiphon(frame) : readChatV1(frame);
    }

    private static Request readCtesiphon(String frame) throws IOException {
        String client = field(frame, "\\\"ClientId\\\":\\\"", "\\\"");
        String channel = field(frame, "\\\"Channel\\\":\\\"", "\\\"");
        return switch (field(frame, "\"Kind\":", ",")) {
            case "0" -> new Request(Action.SUBSCRIBE, client, channel, "");
            case "3" -> new Request(Action.PUBLISH, client, channel, field(frame, "\\\"Message\\\":\\\"", "\\\"}\"}"));
            default -> throw new IOException("a request of an unknown kind");
        };
    }

    private static Request readChatV1(String frame) throws IOException {
        String type = field(frame, "\"type\":\"", "\"");
        if (type.equals("connect")) {
            return new Request(Action.CONNECT, field(frame, "\"client\":\"", "\""), "", "");
        }
        String channel = field(frame, "\"channel\":\"", "\"");
        return switch (type) {
            case "subscribe" -> new Request(Action.SUBSCRIBE, "", channel, "");
            case "publish" -> new Request(Action.PUBLISH, "", channel, field(frame, "\"data\":\"", "\"}"));
            default -> throw new IOException("a request of an unknown type");
        };
    }

    private static String field(String frame, String before, String after) throws IOException {
        int start = frame.indexOf(before);
        int end = start < 0 ? -1 : frame.indexOf(after, start + before.length());
        if (end < 0) {
            throw new IOException("a request without " + before);
        }
        return frame.substring(start + before.length(), end);
    }

    /** Returns the reply to a request, or an empty text. */
    String answer(Request request, long offset) {
        if (this == CTESIPHON) {
            return request.action == Action.SUBSCRIBE
                    ? "{\"Kind\":100,\"Payload\":\"Subscribed to channel : " + request.channel + " SUCCESSFULLY !\"}"
                    : "";
        }
        String position = ",\"channel\":\"" + request.channel + "\",\"epoch\":\"1\",\"offset\":" + offset + "}";
        return switch (request.action) {
            case CONNECT -> "{\"id\":1,\"type\":\"connected\",\"client\":\"" + request.client + "\"}";
            case SUBSCRIBE -> "{\"id\":2,\"type\":\"subscribed\"" + position;
            case PUBLISH -> "{\"id\":3,\"type\":\"published\"" + position;
        };
    }

    /** Returns a published message for the members of its channel. */
    String message(Request request, String sender, long offset) {
        return this == CTESIPHON
                ? "Channel : " + request.channel + ", Sender : " + sender + ", Message : " + request.text
                : "{\"type\":\"message\",\"channel\":\"" + request.channel + "\",\"offset\":" + offset
                        + ",\"sender\":\"" + sender + "\",\"time\":" + System.currentTimeMillis() + ",\"data\":\""
                        + request.text + "\"}";
    }
}
