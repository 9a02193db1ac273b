package io.seleucia.chat.faults;

import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What one member was shown of one channel, over all its connections, in the order in which it came. */
final class Track {
    /** One thing that the server said about the channel. */
    sealed interface Shown {
        Position position();

        /** The first subscription: everything after it is due. */
        record Began(Position position) implements Shown {}

        /**
         * A subscription that recovers everything since the last position.
         *
         * @param position the channel's newest one
         * @param asked when it was asked for
         */
        record Resumed(Position position, long asked) implements Shown {
            /** Asked for before anything was deleted. */
            Resumed(Position position) {
                this(position, Long.MIN_VALUE);
            }
        }

        /** Said in so many words: what is between the last position and this one can't be had any more. */
        record Lost(Position position) implements Shown {}

        /**
         * A message, known by its id.
         *
         * @param said what it says, if that is known
         */
        record Message(Position position, String id, Optional<Said> said) implements Shown {
            Message(Position position, String id) {
                this(position, id, Optional.empty());
            }

            Message(Position position, Said said) {
                this(position, said.id(), Optional.of(said));
            }
        }
    }

    private final String member;
    private final String channel;
    private final List<Shown> shown = new ArrayList<>();
    private Position last;

    Track(String member, String channel, Position start) {
        this.member = member;
        this.channel = channel;
        add(new Shown.Began(start));
    }

    /** Notes something. A message's offset is in the epoch of what came before it. */
    void add(Shown what) {
        shown.add(what);
        if (!(what instanceof Shown.Resumed)) {
            last = what.position();
        }
    }

    /** Where the member is, and goes on after its next reconnect. */
    Position last() {
        return last;
    }

    String member() {
        return member;
    }

    String channel() {
        return channel;
    }

    List<Shown> shown() {
        return shown;
    }
}
