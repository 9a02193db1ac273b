package io.seleucia.chat.protocol.xsockets;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.protocol.json.Json;

/** A message to a client, {@code {"c":controller,"t":topic,"d":data}}. The data is a JSON text, sent as a string. */
record ControllerMessage(String controller, String topic, String data) implements Event.Custom {
    /** A client's spelling of the three fields. */
    enum Spelling {
        LOWER("c", "t", "d"),
        UPPER("C", "T", "D");

        private final String controller;
        private final String topic;
        private final String data;

        Spelling(String controller, String topic, String data) {
            this.controller = controller;
            this.topic = topic;
            this.data = data;
        }
    }

    /** Returns whether a topic is one of the protocol's own, 0 to 8. */
    static boolean isReserved(String topic) {
        return topic.length() == 1 && topic.charAt(0) >= '0' && topic.charAt(0) <= '8';
    }

    Payload in(Spelling spelling) {
        return Payload.of(Json.writeObject(json -> {
            json.name(spelling.controller).value(controller);
            json.name(spelling.topic).value(topic);
            json.name(spelling.data).value(data);
        }));
    }
}
