package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;

/**
 * What is sent to a client, {@code {"c":controller,"t":topic,"d":data}}.
 *
 * @param data a JSON text, which goes as a string
 */
record ControllerMessage(String controller, String topic, String data) implements Event.Own {
    /** How a client spells the names of the three fields. */
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

    Payload in(Spelling spelling) {
        return Payload.of(Json.writeObject(json -> {
            json.name(spelling.controller).value(controller);
            json.name(spelling.topic).value(topic);
            json.name(spelling.data).value(data);
        }));
    }
}
