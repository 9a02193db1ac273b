package io.seleucia.chat.message;

import java.util.Optional;

/**
 * A command with what its protocol needs to answer it.
 *
 * @param tag whatever ties the reply to the request on the wire, such as a request id; only the protocol that made it
 *     looks at it
 * @param client the client id that the request claims to come from, in protocols that repeat it in every request; the
 *     first one a session sees is its name, and no other is accepted after it
 * @param command what is asked
 */
public record Request(Object tag, Optional<String> client, Command command) {
    /** A request that carries neither a tag nor a client id. */
    public static Request of(Command command) {
        return new Request("", Optional.empty(), command);
    }

    /** What is wrong with the names in it: a sentence for a person, or empty if they are good ones. */
    public Optional<String> flaw() {
        Optional<String> flaw = client.flatMap(Names::flawOfClient);
        return flaw.isPresent()
                ? flaw
                : switch (command) {
                    case Command.Connect connect -> connect.client().flatMap(Names::flawOfClient);
                    case Command.Subscribe subscribe -> Names.flawOfChannel(subscribe.channel());
                    case Command.Unsubscribe unsubscribe -> Names.flawOfChannel(unsubscribe.channel());
                    case Command.Publish publish ->
                        Names.flawOfChannel(publish.channel()).or(() -> Names.flawOfKey(publish.key()));
                    case Command.Direct direct ->
                        Names.flawOfClient(direct.to()).or(() -> Names.flawOfKey(direct.key()));
                    case Command.Signal signal -> Names.flawOfChannel(signal.channel());
                    case Command.History history ->
                        Names.isInbox(history.channel())
                                ? Names.flawOfClient(history.channel().substring(1))
                                : Names.flawOfChannel(history.channel());
                    case Command.Presence presence -> Names.flawOfChannel(presence.channel());
                    case Command.Nickname nickname -> Names.flawOfClient(nickname.name());
                    case Command.Refresh refresh -> Optional.empty();
                    case Command.Own own -> Optional.empty();
                    case Command.Skip skip -> Optional.empty();
                    case Command.UnsubscribeAll all -> Optional.empty();
                    case Command.ListChannels list -> Optional.empty();
                    case Command.Ping ping -> Optional.empty();
                    case Command.Malformed malformed -> Optional.empty();
                };
    }
}
