package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.Objects;

/**
 * The messages of a channel whose content the deletion of one of them removes: that one, and its edits.
 *
 * @param epochs the epochs in which they may have been published: a channel can continue in another one
 * @param offsets their offsets
 */
public record Erasure(List<String> epochs, List<Long> offsets) {
    /** Removes nothing: that of every message that is no deletion. */
    public static final Erasure NONE = new Erasure(List.of(), List.of());

    /** Copies the lists. */
    public Erasure {
        epochs = List.copyOf(epochs);
        offsets = List.copyOf(offsets);
    }

    /** Returns whether there is nothing to remove. */
    public boolean isEmpty() {
        return offsets.isEmpty();
    }

    /** A message in the files, where its epoch is that in which it was published. */
    record Place(String channel, String epoch, long offset) {
        Place {
            Objects.requireNonNull(channel, "channel");
            Objects.requireNonNull(epoch, "epoch");
        }

        static Place of(String channel, Position position) {
            return new Place(channel, position.epoch(), position.offset());
        }

        static Place of(Message message) {
            return of(message.channel(), message.position());
        }
    }
}
