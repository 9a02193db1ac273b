package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;

/** The controller {@code generic}: passes on whatever it is sent, to all who have opened it, the sender included. */
final class GenericController {
    private final Caller<GenericController> caller;

    GenericController(Caller<GenericController> caller) {
        this.caller = caller;
    }

    public void onMessage(String topic, JsonElement data) {
        caller.invokeToAll(data, topic);
    }
}
