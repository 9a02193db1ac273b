/* The state of one conversation, without its appearance. */

import { tab } from "./storage.js";

/** A channel, or the direct messages with one other person. */
export class Conversation {
    messages = []; // {id, epoch, offset, sender, guest, time, text, own, isCode} or {id, notice}, in order
    pending = []; // {key, text, time, state: "sending" | "failed", problem, offset}
    members = new Map(); // sessions by client, of the first thousand
    guests = new Set(); // members that are guests among accounts
    unlisted = 0; // number of further members
    typing = new Map(); // end of typing by client
    unread = 0;
    firstUnread = null; // the id of the message that a line is drawn above
    loading = null; // "newest", "older", "newer" or null
    failedAt = 0; // when that last failed
    meanwhile = []; // messages that arrived while the newest page was loaded
    readUpTo = null; // the offset before the first unread message, until it is loaded
    loaded = false;
    complete = false; // no older messages exist
    detached = false; // newer messages exist that are not loaded
    problem = null;

    /** @param {string} key a channel's name, or @ and a person's */
    constructor(key) {
        this.key = key;
        this.isDirect = key.startsWith("@");
        this.name = this.isDirect ? key.slice(1) : key;
        this.draft = tab.get(`draft ${key}`, "");
    }

    get newest() {
        return this.messages.findLast((message) => !message.notice);
    }

    get oldest() {
        return this.messages.find((message) => !message.notice);
    }
}

/** All conversations, by key. */
export class Conversations extends Map {
    /** Returns the conversation with a key, a new one if there is none yet. */
    open(key) {
        let conversation = this.get(key);
        if (!conversation) {
            conversation = new Conversation(key);
            conversation.loaded = conversation.complete = conversation.isDirect;
            this.set(key, conversation);
        }
        return conversation;
    }
}
