/* The state of one conversation, without its appearance. */

/** A channel, or the direct messages with one other person. */
export class Conversation {
    messages = []; // Shown (message.js) or {id, notice}, in order
    pending = []; // own messages that are not delivered: see outbox.js
    members = new Map(); // sessions by client, of the first thousand
    guests = new Set(); // members that are guests among accounts
    unlisted = 0; // number of further members
    typing = new Map(); // end of typing by client
    unread = 0;
    mark = null; // {epoch, offset}: how far the person has read, as far as is known
    firstUnread = null; // the id of the message that a line is drawn above
    loading = null; // "newest", "older", "newer" or null
    failedAt = -Infinity; // when that last failed
    meanwhile = []; // messages that arrived while a page was loaded
    changes = []; // edits, deletions and reactions that arrived then
    quoted = new Map(); // messages that others answer and that are not loaded, by id; null: gone
    seen = new Map(); // {epoch, offset}: how far others have read, by client
    replyTo = null; // the message that the person is answering
    isMentioned = false; // in a message that is not read
    loaded = false;
    complete = false; // no older messages exist
    detached = false; // newer messages exist that are not loaded
    wanted = null; // {id, offset, isTried}: the message that a link leads to, until it is loaded
    shownTarget = null; // the id of the one that was last scrolled to
    target = null; // its id when it is loaded and is to be shown; "missing" if there is no such message
    info = null; // what describes it: {topic}
    problem = null; // why it can't be joined
    isNew = false; // the person has just joined it
    draft = "";

    /** @param {string} key a channel's name, or @ and a person's */
    constructor(key) {
        this.key = key;
        this.isDirect = key.startsWith("@");
        this.name = this.isDirect ? key.slice(1) : key;
    }

    get newest() {
        return this.messages.findLast((message) => !message.notice);
    }

    get oldest() {
        return this.messages.find((message) => !message.notice);
    }

    /** Returns the first message that others have written, and that is not read; undefined if it is not loaded. */
    get oldestUnread() {
        const { mark } = this;
        return (
            mark && this.messages.find(({ epoch, offset, own }) => !own && epoch === mark.epoch && offset > mark.offset)
        );
    }
}

/** All conversations, by key. */
export class Conversations extends Map {
    /** Returns the conversation with a key, a new one if there is none yet. */
    open(key) {
        let conversation = this.get(key);
        if (!conversation) {
            conversation = new Conversation(key);
            this.set(key, conversation);
        }
        return conversation;
    }
}
