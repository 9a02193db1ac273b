package io.seleucia.chat.transport;

import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/** Frames for the tests of those who only pass them on. */
public final class Frames {
    private Frames() {}

    /** A frame of data, of just these bytes. */
    public static Frame of(byte... bytes) {
        return new Frame(bytes, false);
    }

    /** A frame of data of so many bytes. */
    public static Frame ofLength(int length) {
        return new Frame(new byte[length], false);
    }

    /** A frame that may overtake data, of just these bytes. */
    public static Frame control(byte... bytes) {
        return new Frame(bytes, true);
    }

    /** The bytes that a frame was made of. */
    public static byte[] bytes(Frame frame) {
        return Arrays.copyOf(frame.bytes(), frame.length());
    }

    /** The next message, however many frames it takes. */
    static Payload message(FrameReader reader, Consumer<Frame> answers) throws IOException {
        while (true) {
            Optional<Payload> message = reader.read(answers);
            if (message.isPresent()) {
                return message.get();
            }
        }
    }
}
