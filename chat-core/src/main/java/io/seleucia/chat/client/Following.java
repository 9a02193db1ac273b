package io.seleucia.chat.client;

import io.seleucia.chat.message.Position;
import java.util.Optional;

/**
 * How a channel is followed.
 *
 * @param since first what was published after this position
 * @param presence whether to be told which clients come and go
 */
record Following(Optional<Position> since, boolean presence) {
    /** Messages, from now on. */
    static final Following NOW = new Following(Optional.empty(), false);
}
