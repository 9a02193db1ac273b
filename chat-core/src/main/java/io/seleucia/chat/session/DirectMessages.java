package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Request;
import java.util.Optional;

/**
 * The direct messages of one session. Each has two halves: one in the inbox of its recipient and a copy in that of its sender.
 * Both have the same {@link Pair}, by which a later edit, deletion, reaction or reply finds the other half.
 *
 * <p>The recipient's half is stored first. If the copy then fails, the sender is told so, and completes the message by sending
 * it again with the same key; a deletion, with or without a key. Runs in the inbound loop, and blocks as the broker, the rules
 * and the listeners do.
 */
final class DirectMessages {
    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final SessionContext context;
    private final Channels channels;
    private final NewChannels newChannels;
    private final Publisher publisher;
    private final OtherHalves others;

    DirectMessages(
            LocalSession session,
            ClientIdentity identity,
            Permissions permissions,
            SessionContext context,
            NewChannels newChannels,
            Publisher publisher) {
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.permissions = permissions;
        this.context = context;
        this.channels = context.channels();
        this.newChannels = newChannels;
        this.publisher = publisher;
        this.others = new OtherHalves(channels.broker(), allowance, context.memory());
    }

    /** Returns the client with which the owner of an inbox has exchanged a message of it. */
    static String partner(Message message) {
        String to = message.attributes().to();
        return to.isEmpty() ? message.sender() : to;
    }

    /** Sends a message, and answers the request. */
    void send(Request request, Command.Direct direct) throws UnavailableException {
        if (!maySend(
                request, direct)) { // before the name is looked up, so that a refusal does not tell which names exist
            return;
        }
        String inbox = context.logins().inboxOf(direct.to());
        if (!isKnown(request, direct.to(), inbox)) {
            return;
        }
        Attributes attributes = identity.attributes(direct.attributes());
        Optional<Publisher.Approved> approved =
                publisher.approve(request, inbox, new Draft(direct.content(), attributes, direct.key(), false));
        if (approved.isEmpty() || channels.areFull() && !newChannels.mayBegin(request, inbox)) {
            return;
        }
        try {
            send(request, direct.to(), inbox, approved.get());
        } catch (ReferenceException e) {
            replies.reply(request, Publisher.refusal(e));
        }
    }

    private boolean maySend(Request request, Command.Direct direct) {
        String to = Names.inboxOf(direct.to());
        Optional<Content> content = Optional.of(direct.content());
        return switch (Permissions.action(direct.attributes())) {
            case DELETE -> permissions.mayDo(request, Action.DELETE, to, Optional.empty());
            case EDIT ->
                permissions.mayDo(request, Action.DIRECT, to, content)
                        && permissions.mayDo(request, Action.EDIT, to, content);
            default -> permissions.mayDo(request, Action.DIRECT, to, content);
        };
    }

    /** Returns whether a client has or had the recipient's name; if not, answers the request. */
    private boolean isKnown(Request request, String to, String inbox) throws UnavailableException {
        Optional<Boolean> account = permissions.isAccount(to);
        boolean known = account.orElse(channels.has(inbox));
        if (account.isEmpty() && !known) {
            Source source = allowance.source();
            if (!allowance.take(
                    request,
                    now -> source.has(Quota.UNKNOWN_NAMES, now)
                            ? Optional.empty()
                            : Optional.of(Quota.UNKNOWN_NAMES))) {
                return false;
            }
            known = hasBeenUsed(inbox);
            if (!known) {
                source.take(Quota.UNKNOWN_NAMES, System.nanoTime());
            }
        }
        if (!known) {
            replies.fail(request, ErrorCode.NO_SUCH_USER, "there is nobody called " + to);
        }
        return known;
    }

    /** Returns whether a client, on any server, has or had the name of an inbox. */
    private boolean hasBeenUsed(String inbox) throws UnavailableException {
        return channels.broker().members(inbox, "", 1).total() > 0 || newChannels.hasMessages(inbox);
    }

    private void send(Request request, String to, String inbox, Publisher.Approved approved)
            throws UnavailableException, ReferenceException {
        Draft draft = approved.draft();
        boolean toSelf = inbox.equals(identity.inboxChannel());
        boolean both = !toSelf && identity.hasInbox();
        long size = MessageSizes.sentBytes(inbox, identity.client(), approved.bytes());
        Optional<Publisher.Publication> paid = publisher.pay(request, inbox, both ? 2 * size : size);
        if (paid.isEmpty()) {
            return;
        }
        Optional<Reference> ref = draft.attributes().ref();
        Optional<Message> target = ref.isPresent()
                ? Optional.of(paid.get()
                        .attempt(() -> target(ref.get(), to, draft.key().isEmpty())))
                : Optional.empty();
        if (both) {
            sendHalves(request, new Halves(to, inbox, draft, target), paid.get());
            return;
        }
        Draft only = toSelf ? with(draft, draft.attributes().withTo(to), draft.key()) : draft;
        Broker.Receipt receipt = paid.get().complete(() -> publisher.store(inbox, only));
        reply(request, inbox, receipt, toSelf ? Optional.of(receipt.position()) : Optional.empty());
    }

    private void reply(Request request, String inbox, Broker.Receipt receipt, Optional<Position> own) {
        replies.reply(request, new Event.Published(Names.shown(inbox), receipt.position(), receipt.duplicate(), own));
    }

    /** Sends both halves of a message; or the second one, if an earlier request has sent the first. */
    private void sendHalves(Request request, Halves halves, Publisher.Publication paid)
            throws UnavailableException, ReferenceException {
        Optional<Message> other = halves.target.isPresent()
                ? Optional.of(paid.attempt(() -> others.of(halves.target.get(), halves.inbox)
                        .orElseThrow(() -> new ReferenceException(Reason.TOO_OLD))))
                : Optional.empty();
        if (halves.isHalfDeleted(other)) {
            completeDeletion(request, halves, other.get(), paid);
            return;
        }
        Pair pair = Pair.random();
        Draft theirs = halves.theirs(pair, other);
        Broker.Receipt receipt = paid.complete(() -> publisher.store(halves.inbox, theirs));
        Position position = receipt.position();
        Pair stored = receipt.duplicate() ? pairAt(halves.inbox, position).orElse(pair) : pair;
        Draft copy = halves.own(stored.withOther(position.offset()));
        Position own = publisher.store(identity.inboxChannel(), copy).position();
        reply(request, halves.inbox, receipt, Optional.of(own));
    }

    /** Deletes the own half of a message, of which an earlier request has deleted the partner's half. */
    private void completeDeletion(Request request, Halves halves, Message other, Publisher.Publication paid)
            throws UnavailableException, ReferenceException {
        Optional<Message> deletion = paid.attempt(() -> others.deletionOf(other, halves.targetOf(other), halves.inbox));
        Pair pair = deletion.map(stored -> Pair.of(stored.attributes().pair())).orElseGet(Pair::random);
        Position position = deletion.orElse(other).position();
        Draft copy = halves.own(pair.withOther(position.offset()));
        Broker.Receipt own = paid.complete(() -> publisher.store(identity.inboxChannel(), copy));
        reply(request, halves.inbox, new Broker.Receipt(position, true), Optional.of(own.position()));
    }

    /** Returns the pair of the half that was stored before, by an earlier request with the same key; empty if it is gone. */
    private Optional<Pair> pairAt(String inbox, Position stored) throws UnavailableException {
        return allowance
                .reading(() -> others.at(inbox, stored.offset()))
                .filter(message -> message.position().equals(stored))
                .map(message -> Pair.of(message.attributes().pair()));
    }

    private static Draft with(Draft draft, Attributes attributes, String key) {
        return new Draft(draft.content(), attributes, key, false);
    }

    /**
     * Both halves of a message to another client.
     *
     * @param target the message of the own inbox that it refers to; or an edit of it, if only that is left to delete
     */
    private record Halves(String to, String inbox, Draft draft, Optional<Message> target) {
        /**
         * Returns the recipient's half.
         *
         * @param other the other half of the target
         */
        private Draft theirs(Pair pair, Optional<Message> other) {
            Attributes attributes = draft.attributes().withPair(pair.text());
            if (other.isPresent()) {
                Reference ref = attributes.ref().orElseThrow();
                attributes = attributes.withRef(new Reference(targetOf(other.get()), ref.kind(), ref.remove()));
            }
            return with(draft, attributes, draft.key());
        }

        /** Returns the offset to which the recipient's half refers, when this is the other half of the target. */
        private long targetOf(Message other) {
            long own = draft.attributes().ref().orElseThrow().offset();
            return target.orElseThrow().position().offset() == own
                    ? other.position().offset()
                    : other.attributes().ref().orElseThrow().offset();
        }

        /** Returns the sender's half. The same key may be used with each recipient. */
        private Draft own(Pair pair) {
            Attributes attributes = draft.attributes().withPair(pair.text()).withTo(to);
            String key = draft.key().isEmpty() ? "" : to + "\n" + draft.key(); // neither has line ends in it
            return with(draft, attributes, key);
        }

        /** Returns whether this is the deletion of a message of which only the other half is deleted. */
        private boolean isHalfDeleted(Optional<Message> other) {
            return draft.attributes().isDeletion()
                    && other.orElseThrow().isDeleted()
                    && !target.orElseThrow().isDeleted();
        }
    }

    /**
     * Returns the message of the own inbox that a message refers to. It must be from or to the recipient. If that one has left
     * the inbox and is to be deleted, returns an edit of it, as long as there is one.
     *
     * @param strictly whether to refuse one that can't be referred to. If not, the broker decides: the message may have been
     *     stored before, with its key
     */
    private Message target(Reference ref, String to, boolean strictly) throws UnavailableException, ReferenceException {
        if (!identity.hasInbox()) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        Broker.Page page =
                allowance.reading(() -> channels.broker().historyAfter(identity.inboxChannel(), ref.offset() - 1, 1));
        if (ref.offset() > page.position().offset()) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        Optional<Message> found = page.messages().stream()
                .filter(message -> message.position().offset() == ref.offset())
                .findFirst();
        Optional<Message> left = found.isEmpty() && ref.kind() == Reference.Kind.DELETE
                ? others.editOf(ref.offset(), identity.inboxChannel())
                : found;
        Message target = left.orElseThrow(() -> new ReferenceException(Reason.TOO_OLD));
        if (!partner(target).equals(to)) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        if (strictly && found.isPresent() && target.attributes().isAnnotation()) {
            throw new ReferenceException(Reason.ANNOTATION);
        }
        if (strictly && target.isDeleted()) {
            throw new ReferenceException(Reason.TOO_OLD);
        }
        return target;
    }
}
