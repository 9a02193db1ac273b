package io.seleucia.chat.examples.benchmark;

import java.io.IOException;

/**
 * As much of the protocols as {@link SelectorServer} needs. It looks for fields by their names and takes them as they
 * stand, without reading the JSON around them: less than a server must do that has other clients than this load, and
 * cheaper.
 */
enum SelectorProtocol {
    CTESIPHON {
        @Override
        Request read(String frame) throws IOException {
            String client = field(frame, "\\\"ClientId\\\":\\\"", "\\\"");
            String channel = field(frame, "\\\"Channel\\\":\\\"", "\\\"");
            return switch (field(frame, "\"Kind\":", ",")) {
                case "0" -> new Request(Action.SUBSCRIBE, client, channel, "");
                case "3" ->
                    new Request(Action.PUBLISH, client, channel, field(frame, "\\\"Message\\\":\\\"", "\\\"}\"}"));
                default -> throw new IOException("a request of an unknown kind");
            };
        }

        @Override
        String answer(Request request, long offset) {
            return switch (request.action) {
                case CONNECT, PUBLISH -> "";
                case SUBSCRIBE ->
                    "{\"Kind\":100,\"Payload\":\"Subscribed to channel : " + request.channel + " SUCCESSFULLY !\"}";
            };
        }

        @Override
        String message(Request request, String sender, long offset) {
            return "Channel : " + request.channel + ", Sender : " + sender + ", Message : " + request.text;
        }
    },

    CHAT_V1 {
        @Override
        Request read(String frame) throws IOException {
            return switch (field(frame, "\"type\":\"", "\"")) {
                case "connect" -> new Request(Action.CONNECT, field(frame, "\"client\":\"", "\""), "", "");
                case "subscribe" -> new Request(Action.SUBSCRIBE, "", field(frame, "\"channel\":\"", "\""), "");
                case "publish" ->
                    new Request(
                            Action.PUBLISH,
                            "",
                            field(frame, "\"channel\":\"", "\""),
                            field(frame, "\"data\":\"", "\"}"));
                default -> throw new IOException("a request of an unknown type");
            };
        }

        @Override
        String answer(Request request, long offset) {
            return switch (request.action) {
                case CONNECT -> "{\"id\":1,\"type\":\"connected\",\"client\":\"" + request.client + "\"}";
                case SUBSCRIBE -> "{\"id\":2,\"type\":\"subscribed\"" + position(request, offset) + "}";
                case PUBLISH -> "{\"id\":3,\"type\":\"published\"" + position(request, offset) + "}";
            };
        }

        private static String position(Request request, long offset) {
            return ",\"channel\":\"" + request.channel + "\",\"epoch\":\"1\",\"offset\":" + offset;
        }

        @Override
        String message(Request request, String sender, long offset) {
            return "{\"type\":\"message\",\"channel\":\"" + request.channel + "\",\"offset\":" + offset
                    + ",\"sender\":\"" + sender + "\",\"time\":" + System.currentTimeMillis() + ",\"data\":\""
                    + request.text + "\"}";
        }
    };

    /** What a request wants. */
    enum Action {
        CONNECT,
        SUBSCRIBE,
        PUBLISH
    }

    /** A request; what it does not say is empty. */
    record Request(Action action, String client, String channel, String text) {}

    private static String field(String frame, String before, String after) throws IOException {
        int start = frame.indexOf(before);
        int end = start < 0 ? -1 : frame.indexOf(after, start + before.length());
        if (end < 0) {
            throw new IOException("a request without " + before);
        }
        return frame.substring(start + before.length(), end);
    }

    abstract Request read(String frame) throws IOException;

    /** What the sender of a request is told; empty for nothing. */
    abstract String answer(Request request, long offset);

    /** What the members of a channel are told when something is published. */
    abstract String message(Request request, String sender, long offset);
}
