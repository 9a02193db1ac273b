package io.seleucia.chat.client;

import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/** Handles incoming frames: replies to requests, and pushes. Used by the client's thread only. */
final class FrameHandler {
    private static final Logger LOG = System.getLogger(FrameHandler.class.getName());
    private static final String UNASKED = "the server has answered what was not asked";

    private final PushHandler pushes;

    FrameHandler(PushHandler pushes) {
        this.pushes = pushes;
    }

    /**
     * Takes a frame.
     *
     * @param bytes the memory of the frame
     * @return a reason to disconnect, if there is one
     */
    Optional<String> take(ClientConnection here, String frame, int bytes) {
        try {
            Optional<ClientCodec.Incoming> incoming = ClientCodec.decode(frame);
            if (incoming.isEmpty()) {
                return Optional.empty();
            }
            Event event = incoming.get().event();
            long id = incoming.get().id();
            boolean pushed = event instanceof Event.Push && (id == 0 || !(event instanceof Event.Reply));
            return pushed ? pushes.take((Event.Push) event, bytes) : unless(answered(here, id, (Event.Reply) event));
        } catch (ClassCastException e) { // the reply to another kind of request
            return Optional.of(ClientCodec.NO_CHAT_V1);
        } catch (ClientCodec.MalformedException e) {
            LOG.log(Level.DEBUG, "a frame can't be read", e);
            return skip(here, ClientCodec.fragment(frame));
        }
    }

    private static boolean answered(ClientConnection here, long id, Event.Reply reply) {
        return id == 0 && reply instanceof Event.Failed failed ? here.refused(failed) : here.answered(id, reply);
    }

    private static Optional<String> unless(boolean asked) {
        return asked ? Optional.empty() : Optional.of(UNASKED);
    }

    /**
     * Skips a frame that can't be read, if its kind is legible: on another connection the server would send it again. A
     * message is lost; a question fails.
     */
    private Optional<String> skip(ClientConnection here, ClientCodec.Fragment frame) {
        return switch (frame.type()) {
            case "message" -> pushes.skip(frame.channel(), frame.offset());
            case "direct" -> pushes.skip(Names.inboxOf(""), frame.offset());
            case "signal", "joined", "left", "receipt" -> {
                LOG.log(
                        Level.WARNING,
                        "a " + frame.type() + " in " + frame.channel() + " can't be read, and is skipped");
                yield Optional.empty();
            }
            case "history", "search", "presence", "channels", "list", "result" ->
                unless(here.answered(
                        frame.id(), new Event.Failed(ErrorCode.INTERNAL, "the server's answer can't be read")));
            default -> Optional.of(ClientCodec.NO_CHAT_V1);
        };
    }
}
