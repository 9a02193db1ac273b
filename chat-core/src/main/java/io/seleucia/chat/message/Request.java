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
                new Command.Subscribe(Names.normal(subscribe.channel()), subscribe.since(), subscribe.interest());
            case Command.Read read -> new Command.Read(Names.normal(read.channel()), read.offset());
            case Command.Unsubscribe unsubscribe -> new Command.Unsubscribe(Names.normal(unsubscribe.channel()));
            case Command.Publish publish ->
                new Command.Publish(
                        Names.normal(publish.channel()), publish.content(), publish.attributes(), publish.key());
            case Command.Direct direct ->
                new Command.Direct(Names.normal(direct.to()), direct.content(), direct.attributes(), direct.key());
            case Command.Signal signal -> new Command.Signal(Names.normal(signal.channel()), signal.content());
            case Command.History history ->
                new Command.History(
                        Names.normal(history.channel()),
                        history.offset(),
                        history.forward(),
                        history.limit(),
                        history.folded(),
                        Names.normal(history.with()));
            case Command.Search search ->
                new Command.Search(Names.normal(search.channel()), search.text(), search.before(), search.limit());
            case Command.Presence presence ->
                new Command.Presence(
                        Names.normal(presence.channel()), Names.normal(presence.after()), presence.limit());
            case Command.Directory directory ->
                new Command.Directory(
                        Names.normal(directory.prefix()),
                        Names.normal(directory.after()),
                        directory.limit(),
                        directory.next());
            case Command.Description info -> new Command.Description(Names.normal(info.channel()));
            case Command.Describe describe -> new Command.Describe(Names.normal(describe.channel()), describe.json());
            case Command.Nickname nickname -> new Command.Nickname(Names.normal(nickname.name()));
            case Command.Refresh refresh -> refresh;
            case Command.Call call -> call;
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
                    case Command.Read read -> Names.flawOfChannel(read.channel());
                    case Command.Unsubscribe unsubscribe -> Names.flawOfChannel(unsubscribe.channel());
                    case Command.Publish publish ->
                        Names.flawOfChannel(publish.channel())
                                .or(() -> Names.flawOfKey(publish.key()))
                                .or(() -> publish.attributes().flawWith(publish.content()));
                    case Command.Direct direct ->
                        Names.flawOfClient(direct.to())
                                .or(() -> Names.flawOfKey(direct.key()))
                                .or(() -> direct.attributes().flawWith(direct.content()));
                    case Command.Signal signal ->
                        Names.flawOfChannel(signal.channel()).or(() -> Attributes.NONE.flawWith(signal.content()));
                    case Command.History history ->
                        flawOfHistory(history.channel()).or(() -> flawOfWith(history));
                    case Command.Search search ->
                        flawOfHistory(search.channel()).or(() -> flawOfText(search.text()));
                    case Command.Presence presence ->
                        Names.flawOfChannel(presence.channel())
                                .or(() -> presence.after().isEmpty()
                                        ? Optional.empty()
                                        : Names.flawOfClient(presence.after()));
                    case Command.Directory directory ->
                        flawIfAny(directory.prefix()).or(() -> flawIfAny(directory.after()));
                    case Command.Description info -> Names.flawOfChannel(info.channel());
                    case Command.Describe describe -> Names.flawOfChannel(describe.channel());
                    case Command.Nickname nickname -> Names.flawOfClient(nickname.name());
                    case Command.Refresh refresh -> Optional.empty();
                    case Command.Call call -> Names.flawOfMethod(call.method());
                    case Command.Custom custom -> Optional.empty();
                    case Command.Ignored ignored -> Optional.empty();
                    case Command.UnsubscribeAll all -> Optional.empty();
                    case Command.ListChannels list -> Optional.empty();
                    case Command.Ping ping -> Optional.empty();
                    case Command.Malformed malformed -> Optional.empty();
                };
    }

    /** Returns what is wrong with a text with which the names of channels are compared. It may end in white space. */
    private static Optional<String> flawIfAny(String name) {
        return name.isEmpty() ? Optional.empty() : Names.flawOfChannel(name.stripTrailing());
    }

    private static Optional<String> flawOfHistory(String channel) {
        return Names.isInbox(channel) ? Names.flawOfClient(channel.substring(1)) : Names.flawOfChannel(channel);
    }

    private static Optional<String> flawOfWith(Command.History history) {
        if (history.with().isEmpty()) {
            return Optional.empty();
        }
        return Names.isInbox(history.channel())
                ? Names.flawOfClient(history.with())
                : Optional.of("with is for the history of an inbox");
    }

    private static Optional<String> flawOfText(String text) {
        return text.isEmpty() || text.codePointCount(0, text.length()) > Command.Search.MAX_TEXT
                ? Optional.of("the text of a search must have 1 to " + Command.Search.MAX_TEXT + " characters")
                : Optional.empty();
    }
}
