package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.options.ChannelOptions;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The publisher of one session's messages: asks the listeners, keeps the limits of sizes and the quotas, and gives the messages
 * to the broker. Runs in the inbound loop, and blocks as the broker and the listeners do.
 */
final class Publisher {
    private final LocalSession session;
    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Subscriptions subscriptions;
    private final SessionContext context;
    private final Channels channels;
    private final Optional<EchoFilter> echoes;
    private final boolean pipelined; // a client that can't be told of a failure waits for each of its publishes

    Publisher(
            LocalSession session,
            ClientIdentity identity,
            Subscriptions subscriptions,
            SessionContext context,
            Optional<EchoFilter> echoes) {
        this.session = session;
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.subscriptions = subscriptions;
        this.context = context;
        this.channels = context.channels();
        this.echoes = echoes;
        this.pipelined = echoes.isEmpty() && replies.areExpected();
    }

    /**
     * A message that may be published, with the content that the listeners gave it.
     *
     * @param bytes of its content and its attributes, as members are sent them
     */
    record Approved(Draft draft, long bytes) {}

    /** Publishes in a channel, and answers the request. */
    void publish(Request request, String channel, Draft asked) throws UnavailableException {
        Optional<Approved> approved = approve(request, channel, asked);
        if (approved.isEmpty()) {
            return;
        }
        long bytes = approved.get().bytes();
        Optional<Publication> paid = pay(request, channel, MessageSizes.sentBytes(channel, identity.client(), bytes));
        if (paid.isPresent()) {
            publish(request, paid.get(), approved.get().draft(), bytes);
        }
    }

    private void publish(Request request, Publication publication, Draft draft, long bytes)
            throws UnavailableException {
        try {
            if (mayOweReply(bytes)) {
                Broker.PendingReceipt receipt = publication.attempt(() ->
                        inTurn(draft, () -> channels.broker().submit(publication.channel, identity.sender(), draft)));
                if (replies.areOwed() || !receipt.isDone()) {
                    replies.owe(request, () -> reply(publication, receipt::await));
                } else {
                    replies.reply(request, reply(publication, receipt::await));
                }
                return;
            }
            replies.reply(request, reply(publication, () -> store(publication.channel, draft)));
        } catch (ReferenceException e) {
            replies.reply(request, refusal(e));
        }
    }

    private static Event.Reply reply(Publication publication, EchoFilter.Publication storing)
            throws UnavailableException {
        try {
            Broker.Receipt receipt = publication.complete(storing);
            return new Event.Published(Names.shown(publication.channel), receipt.position(), receipt.duplicate());
        } catch (ReferenceException e) {
            return refusal(e);
        }
    }

    /** Returns the reply to a request whose reference is refused. */
    static Event.Failed refusal(ReferenceException why) {
        return new Event.Failed(why.reason().code(), why.getMessage());
    }

    /**
     * Asks the listeners about a message, and measures it. If it can't be published, answers the request.
     *
     * @param channel the broker's
     */
    Optional<Approved> approve(Request request, String channel, Draft asked) {
        String shown = Names.shown(channel);
        Attributes attributes = asked.attributes();
        if (Attributes.areTooLarge(attributes.headers())) {
            replies.fail(
                    request,
                    ErrorCode.TOO_LARGE,
                    "at most " + Attributes.MAX_HEADERS + " headers, of " + Attributes.MAX_HEADER_BYTES
                            + " bytes together");
            return Optional.empty();
        }
        ChannelOptions options = channels.options(channel);
        if (attributes.ref().isPresent()
                && !options.references().contains(attributes.ref().get().kind())) {
            replies.fail(
                    request, ErrorCode.FORBIDDEN, noun(attributes.ref().get().kind()) + " are turned off in " + shown);
            return Optional.empty();
        }
        Content said = asked.content();
        Content content;
        try {
            content = said instanceof Content.None ? said : context.observer().publishing(session, shown, said);
        } catch (RefusedException e) {
            replies.fail(request, ErrorCode.FORBIDDEN, e.getMessage());
            return Optional.empty();
        }
        long bytes = MessageSizes.bytes(content) + MessageSizes.bytes(attributes);
        Optional<String> flaw =
                channels.sizes().within(options.maxMessageBytes()).flaw(shown, content, attributes, bytes);
        if (content != said) {
            requirePublishable(content, attributes, flaw);
        }
        if (flaw.isPresent()) {
            replies.fail(request, ErrorCode.TOO_LARGE, flaw.get());
            return Optional.empty();
        }
        Draft draft = content == said ? asked : new Draft(content, attributes, asked.key(), asked.moderates());
        return Optional.of(new Approved(draft, bytes));
    }

    private static String noun(Reference.Kind kind) {
        return switch (kind) {
            case REPLY -> "replies";
            case EDIT -> "edits";
            case DELETE -> "deletions";
            case REACTION -> "reactions";
        };
    }

    private static void requirePublishable(Content content, Attributes attributes, Optional<String> flaw) {
        boolean reacts = attributes
                .ref()
                .filter(ref -> ref.kind() == Reference.Kind.REACTION)
                .isPresent();
        if (flaw.isPresent() || content instanceof Content.None || reacts && !Reference.isReaction(content)) {
            throw new IllegalArgumentException("what a listener's publishing returned can't be published: "
                    + flaw.orElse("it is no content for this message"));
        }
    }

    /**
     * Takes a message from the quotas of the client's source. If one is used up, answers the request.
     *
     * @param channel the broker's
     * @param size the bytes of all frames that are made of the message
     */
    Optional<Publication> pay(Request request, String channel, long size) throws UnavailableException {
        if (!context.memory().hasRoomForMessage()) {
            throw new UnavailableException("memory is short", null);
        }
        Publication publication =
                new Publication(channel, channels.options(channel).rate(), size);
        return allowance.take(request, publication) ? Optional.of(publication) : Optional.empty();
    }

    /** Stores a message in a channel of the broker. If it would come back to a client that wants no echo, it does not. */
    Broker.Receipt store(String channel, Draft draft) throws UnavailableException, ReferenceException {
        EchoFilter.Publication publication = () -> channels.broker().publish(channel, identity.sender(), draft);
        return inTurn(
                draft,
                () -> echoes.isPresent() && comesBack(channel)
                        ? echoes.get().publish(Names.shown(channel), identity.client(), publication)
                        : publication.execute());
    }

    /** Runs a step. If it deletes a message, which may be in the archive, it waits for the turn of reading. */
    private <T> T inTurn(Draft draft, Step<T> step) throws UnavailableException, ReferenceException {
        return draft.attributes().isDeletion() ? allowance.reading(step::run) : step.run();
    }

    /**
     * Returns whether the loop may go on to the next request before this message is stored. It does if more has come: else the
     * next one would wait for a whole round trip to the broker.
     */
    private boolean mayOweReply(long bytes) {
        return pipelined
                && bytes <= Allowance.LARGE
                && (replies.areOwed() || session.served().connection().hasUnread());
    }

    /** Returns whether messages of a channel are sent to this session. */
    private boolean comesBack(String channel) {
        return subscriptions.contains(channel) || identity.hasInbox(channel);
    }

    /** A step of publishing a message. */
    interface Step<T> {
        T run() throws UnavailableException, ReferenceException;
    }

    /** A publish that has passed all checks, and takes from the rate of its sender and the quotas of its source. */
    final class Publication implements Allowance.Taking {
        private final String channel;
        private final String client = identity.client();
        private final Source source = allowance.source();
        private final ChannelOptions.Rate rate;
        private final boolean inbox;
        private final long size;
        private long wait; // until the sender may publish, as far as its rate is concerned
        private final PublishEvent event = new PublishEvent();
        private long began;

        private Publication(String channel, ChannelOptions.Rate rate, long size) {
            this.channel = channel;
            this.rate = rate;
            this.inbox = Names.isInbox(channel);
            this.size = size;
        }

        @Override
        public Optional<Quota> at(long now) {
            wait = rate.isLimited() ? allowance.senders().take(channel, identity.sender(), rate, now) : 0;
            if (wait > 0) {
                return Optional.of(Quota.SENDER_MESSAGES);
            }
            Optional<Quota> lacking = source.publish(channel, inbox, size, now);
            if (lacking.isPresent()) {
                putBackInRate();
            } else {
                event.begin();
                began = System.nanoTime();
            }
            return lacking;
        }

        @Override
        public String message(Quota quota) {
            long seconds = Math.ceilDiv(wait, TimeUnit.SECONDS.toNanos(1));
            return quota == Quota.SENDER_MESSAGES
                    ? "too many messages to " + Names.shown(channel) + ", try again in " + seconds + " s"
                    : quota.message();
        }

        private void putBackInRate() {
            if (rate.isLimited()) {
                allowance.senders().putBack(channel, identity.sender());
            }
        }

        /**
         * Runs a step. If it fails, nothing was published, and the quotas get back what was taken. A refused reference counts
         * as a message all the same, for the message that it refers to was looked up.
         */
        <T> T attempt(Step<T> step) throws UnavailableException, ReferenceException {
            try {
                return step.run();
            } catch (UnavailableException e) {
                source.unpublish(channel, inbox, size);
                putBackInRate();
                throw e;
            } catch (ReferenceException e) {
                source.unstore(size);
                putBackInRate();
                throw e;
            }
        }

        /** Blocks until the message is stored. */
        Broker.Receipt complete(EchoFilter.Publication storing) throws UnavailableException, ReferenceException {
            Broker.Receipt receipt = attempt(storing::execute);
            context.connections().counters().published(System.nanoTime() - began);
            event.commit(session.served().connection().name(), client, Names.shown(channel), receipt);
            return receipt;
        }
    }
}
