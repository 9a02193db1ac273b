package io.seleucia.chat.message;

import java.util.Optional;

/**
 * A command with what its protocol needs to answer it.
 *
 * @param tag the value that ties the reply to the request on the wire, such as a request id; only the protocol that made it
 *     looks at it
 * @param client the client id that the request claims to come from, in protocols that repeat it in every request; the
 *     first one a session sees is its name, and no other is accepted after it
 * @param command what is asked
 */
public record Request(Object tag, Optional<String> client, Command command) {
    /**
     * {@return a request that carries neither a tag nor a client id}
     *
     * @param command the command
     */
    public static Request of(Command command) {
        return new Request("", Optional.empty(), command);
    }

    /** {@return the request with all names in it in their {@linkplain Names#normal normal form}} */
    public Request normal() {
        Optional<String> named = client.map(Names::normal);
        Command normal = switch (command) {
            case Command.Connect connect ->
                new Command.Connect(
                        connect.client().map(Names::normal), connect.inbox(), connect.credentials(), connect.resume());
            case Command.Subscribe subscribe ->
                new Command.Subscribe(Names.normal(subscribe.channel()), subscribe.since(), subscribe.presence());
            case Command.Unsubscribe unsubscribe -> new Command.Unsubscribe(Names.normal(unsubscribe.channel()));
            case Command.Publish publish ->
                new Command.Publish(Names.normal(publish.channel()), publish.content(), publish.key());
            case Command.Direct direct -> new Command.Direct(Names.normal(direct.to()), direct.content(), direct.key());
            case Command.Signal signal -> new Command.Signal(Names.normal(signal.channel()), signal.content());
            case Command.History history ->
                new Command.History(
                        Names.normal(history.channel()), history.offset(), history.forward(), history.limit());
            case Command.Presence presence ->
                new Command.Presence(
                        Names.normal(presence.channel()), Names.normal(presence.after()), presence.limit());
            case Command.Nickname nickname -> new Command.Nickname(Names.normal(nickname.name()));
            case Command.Refresh refresh -> refresh;
            case Command.Custom custom -> custom;
            case Command.Ignored ignored -> ignored;
            case Command.UnsubscribeAll all -> all;
            case Command.ListChannels list -> list;
            case Command.Ping ping -> ping;
            case Command.Malformed malformed -> malformed;
        };
        return new Request(tag, named, normal);
    }

    /** {@return what is wrong with the names in it: a sentence for a person, or empty if they are good ones} */
    public Optional<String> flaw() {
        Optional<String> flaw = client.flatMap(Names::flawOfClient);
        return flaw.isPresent()
                ? flaw
                : switch (command) {
                    case Command.Connect connect ->
                        connect.client()
                                .flatMap(Names::flawOfClient)
                                .or(() -> connect.resume().flatMap(ResumeSecret::flaw));
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
                    case Command.Presence presence ->
                        Names.flawOfChannel(presence.channel())
                                .or(() -> presence.after().isEmpty()
                                        ? Optional.empty()
                                        : Names.flawOfClient(presence.after()));
                    case Command.Nickname nickname -> Names.flawOfClient(nickname.name());
                    case Command.Refresh refresh -> Optional.empty();
                    case Command.Custom custom -> Optional.empty();
                    case Command.Ignored ignored -> Optional.empty();
                    case Command.UnsubscribeAll all -> Optional.empty();
                    case Command.ListChannels list -> Optional.empty();
                    case Command.Ping ping -> Optional.empty();
                    case Command.Malformed malformed -> Optional.empty();
                };
    }
}
