package io.seleucia.chat.faults;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Protocol;
import java.util.Optional;

/** Speaks chat.v1 under another name, with an object and a format for each connection, and fails in every method. */
final class AccursedProtocol implements Protocol {
    static final String NAME = "accursed.v1";

    private final ChatV1 chat = new ChatV1();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Protocol open() {
        return new AccursedProtocol();
    }

    @Override
    public void ended() {
        InjectedErrors.sometimes(4);
    }

    @Override
    public Object format() {
        InjectedErrors.sometimes(30);
        return this;
    }

    @Override
    public Request decode(Payload message) {
        InjectedErrors.sometimes(20);
        return chat.decode(message);
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        InjectedErrors.sometimes(20);
        return chat.encode(request, reply);
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        InjectedErrors.sometimes(10);
        return chat.encode(push);
    }
}
