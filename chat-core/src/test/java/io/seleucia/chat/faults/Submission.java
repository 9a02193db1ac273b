package io.seleucia.chat.faults;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Where something is that a {@link ChatClient} has published, as far as the client tells.
 *
 * @param place in its channel
 * @param own in the own inbox
 */
record Submission(Optional<Position> place, Optional<Position> own) {
    /** Publishes, by the method that is for that. */
    static CompletableFuture<Submission> of(ChatClient client, Publication publication) {
        String channel = publication.channel();
        Content content = new Content.Text(publication.content());
        if (publication.ref().isEmpty()) {
            return publication.isDirect()
                    ? client.direct(publication.to(), content, Map.of())
                            .thenApply(receipt -> new Submission(Optional.of(receipt.theirs()), receipt.own()))
                    : client.publish(channel, content)
                            .thenApply(at -> new Submission(Optional.of(at), Optional.empty()));
        }
        Reference ref = publication.ref().get();
        CompletableFuture<Position> position = switch (ref.kind()) {
            case REPLY -> client.reply(channel, ref.offset(), content);
            case EDIT -> client.edit(channel, ref.offset(), content);
            case DELETE -> client.delete(channel, ref.offset());
            case REACTION ->
                ref.remove()
                        ? client.unreact(channel, ref.offset(), publication.reaction())
                        : client.react(channel, ref.offset(), publication.reaction());
        };
        return position.thenApply(at -> publication.isDirect()
                ? new Submission(Optional.empty(), Optional.of(at))
                : new Submission(Optional.of(at), Optional.empty()));
    }

    /** Returns the server's code for a failure of a future, if it gave one. */
    static Optional<ErrorCode> code(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof ChatException refused ? refused.code() : Optional.empty();
    }
}
