package io.seleucia.chat.session;

import io.seleucia.chat.channel.Subscriber;

/** A session as its own parts see it. */
interface LocalSession extends SessionView, Subscriber {
    Replies replies();

    Allowance allowance();

    /** Asks the rules again about the subscriptions, and ends those that are no longer allowed. Blocks as the rules do. */
    void review();
}
