package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.channel.PageMemory;
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
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The direct messages of one session. Each has two halves: one in the inbox of its recipient and a copy in that of its sender.
 * Both have the same random id, the pair, by which a later edit, deletion, reaction or reply finds the other half.
 *
 * <p>The recipient's half is stored first. If the copy then fails, the sender is told so, and completes the message by sending
 * it again with the same key. Runs in the inbound loop, and blocks as the broker, the rules and the listeners do.
 */
final class DirectMessages {
    private static final int MAX_LOOKED_AT = 1_000; // messages of the partner's inbox, for the other half of one
    private static final int PAGE = 100;

    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final SessionContext context;
    private final Channels channels;
    private final NewChannels newChannels;
    private final Publisher publisher;

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
    }

    /** Returns the client with which the owner of an inbox has exchanged a message of it. */
    static String partner(Message message) {
        String to = message.attributes().to();
        return to.isEmpty() ? message.sender() : to;
    }

    /** The drafts of both halves. There is only one if the client has no inbox, or sends the message to itself. */
    private record Halves(Draft theirs, Optional<Draft> own) {}

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
        boolean toSelf = inbox.equals(identity.inboxChannel());
        Halves halves = halves(to, inbox, toSelf, approved.draft());
        long size = MessageSizes.sentBytes(inbox, identity.client(), approved.bytes());
        Optional<Publisher.Publication> paid = publisher.pay(request, inbox, halves.own.isPresent() ? 2 * size : size);
        if (paid.isEmpty()) {
            return;
        }
        Broker.Receipt receipt = paid.get().complete(() -> publisher.store(inbox, halves.theirs));
        Optional<Position> own = toSelf ? Optional.of(receipt.position()) : Optional.empty();
        if (halves.own.isPresent()) {
            Draft copy = receipt.duplicate() ? paired(halves.own.get(), inbox, receipt.position()) : halves.own.get();
            own = Optional.of(publisher.store(identity.inboxChannel(), copy).position());
        }
        replies.reply(request, new Event.Published(Names.shown(inbox), receipt.position(), receipt.duplicate(), own));
    }

    private Halves halves(String to, String inbox, boolean toSelf, Draft draft)
            throws UnavailableException, ReferenceException {
        Attributes attributes = draft.attributes();
        Optional<Message> target = attributes.ref().isPresent()
                ? Optional.of(target(attributes.ref().get(), to, draft.key().isEmpty()))
                : Optional.empty();
        if (toSelf) {
            return new Halves(with(draft, attributes.withTo(to), draft.key()), Optional.empty());
        }
        if (!identity.hasInbox()) {
            return new Halves(draft, Optional.empty());
        }
        Attributes paired = attributes.withPair(UUID.randomUUID().toString());
        Draft own = with(draft, paired.withTo(to), ownKey(to, draft.key()));
        if (target.isEmpty()) {
            return new Halves(with(draft, paired, draft.key()), Optional.of(own));
        }
        Reference ref = attributes.ref().orElseThrow();
        long theirs = otherHalf(inbox, target.get());
        return new Halves(
                with(draft, paired.withRef(new Reference(theirs, ref.kind(), ref.remove())), draft.key()),
                Optional.of(own));
    }

    private static Draft with(Draft draft, Attributes attributes, String key) {
        return new Draft(draft.content(), attributes, key, false);
    }

    /** Returns the key of the sender's copy. The same key may be used with each recipient. */
    private static String ownKey(String to, String key) {
        return key.isEmpty() ? "" : to + "\n" + key; // neither has line ends in it
    }

    /**
     * Returns the message of the own inbox that a message refers to. It must be from or to the recipient.
     *
     * @param strictly whether to refuse one that can't be referred to. If not, the broker decides: the message may have been
     *     stored before, with its key
     */
    private Message target(Reference ref, String to, boolean strictly) throws UnavailableException, ReferenceException {
        if (!identity.hasInbox()) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        Broker.Page page = channels.broker().historyAfter(identity.inboxChannel(), ref.offset() - 1, 1);
        if (ref.offset() > page.position().offset()) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        Message target = page.messages().stream()
                .filter(message -> message.position().offset() == ref.offset())
                .findFirst()
                .orElseThrow(() -> new ReferenceException(Reason.TOO_OLD));
        if (!partner(target).equals(to)) {
            throw new ReferenceException(Reason.UNKNOWN);
        }
        if (strictly && target.attributes().isAnnotation()) {
            throw new ReferenceException(Reason.ANNOTATION);
        }
        if (strictly && target.isDeleted()) {
            throw new ReferenceException(Reason.TOO_OLD);
        }
        return target;
    }

    /** Returns the offset of a message's other half in the inbox of its partner. Looks at the newest messages only. */
    private long otherHalf(String inbox, Message own) throws UnavailableException, ReferenceException {
        String pair = own.attributes().pair();
        if (pair.isEmpty()) {
            throw new ReferenceException(Reason.TOO_OLD); // it never had another half
        }
        return allowance
                .reading(() -> find(inbox, pair))
                .orElseThrow(() -> new ReferenceException(Reason.TOO_OLD))
                .position()
                .offset();
    }

    /** Returns the message of an inbox with a pair's id. Looks at the newest messages only. */
    private Optional<Message> find(String inbox, String pair) throws UnavailableException {
        if (!context.memory().hasRoom()) {
            throw new UnavailableException("memory is short", null);
        }
        long before = Long.MAX_VALUE;
        for (int looked = 0; looked < MAX_LOOKED_AT; looked += PAGE) {
            List<Message> page =
                    channels.broker().historyBefore(inbox, before, PAGE).messages();
            Optional<Message> found = inPage(page, pair);
            if (found.isPresent() || page.isEmpty()) {
                return found;
            }
            before = page.getFirst().position().offset();
        }
        return Optional.empty();
    }

    private Optional<Message> inPage(List<Message> page, String pair) {
        PageMemory held = new PageMemory(context.memory(), page);
        try {
            return page.reversed().stream()
                    .filter(message -> message.attributes().pair().equals(pair))
                    .findFirst();
        } finally {
            held.close();
        }
    }

    /** Returns a copy with the pair of the half that was stored before, by an earlier request with the same key. */
    private Draft paired(Draft copy, String inbox, Position stored) throws UnavailableException {
        Optional<Message> first = channels.broker().historyAfter(inbox, stored.offset() - 1, 1).messages().stream()
                .filter(message -> message.position().equals(stored))
                .findFirst();
        return first.isPresent()
                ? with(copy, copy.attributes().withPair(first.get().attributes().pair()), copy.key())
                : copy; // gone from there, so that nothing will look for it
    }
}
