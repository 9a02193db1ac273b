/*
 * The chat of one person, from signing in on, without its appearance. Each concern has a module of its own; this one
 * connects them. All changes go through a Chat, which then notifies its listener.
 */

import { Changes } from "./changes.js";
import { Channels } from "./channels.js";
import { ChatClient } from "./chat-client.js";
import { Conversations } from "./conversation.js";
import { Feed } from "./feed.js";
import { Finder } from "./finder.js";
import { History } from "./history.js";
import { Inbox } from "./inbox.js";
import { Mentioned } from "./mentioned.js";
import { idOf, shownOf } from "./message.js";
import { Mutes } from "./mutes.js";
import { Outage } from "./outage.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { Quotes } from "./quotes.js";
import { Reading } from "./reading.js";
import { Seen } from "./seen.js";
import { Tab } from "./tab.js";

/** The name of the value by which an account stays signed in. */
export const TOKEN = "token";

const DRAIN_PAUSE = 50; // milliseconds
const REFERENCE = 60; // bytes of a reference to another message, at the most

export class Chat {
    conversations = new Conversations();
    current = null;
    begun = false; // there has been a connection
    delay = null; // why the server takes no messages just now, if so
    outage;
    finder;
    mutes;
    inbox;
    changes;
    quotes;
    #person;
    #client;
    #store;
    #listener;
    #tab = new Tab();
    #isEnded = false;
    #history;
    #outbox;
    #presence;
    #reading;
    #channels;

    /**
     * @param {import("./person.js").Person} person
     * @param {object} login as ChatClient has it
     * @param {import("./store.js").Store} store of that person
     * @param {{changed: () => void, ended: (error: Error | null) => void, heard: (message: object,
     *     conversation: object) => void, isAtEnd: () => boolean, isAttentive: () => boolean,
     *     returned: (conversation: object, text: string) => boolean}} listener `isAtEnd`: whether the newest message is in
     *     sight; `isAttentive`: whether the person is looking at the page, too; `returned`: takes back a text that is too
     *     long, and says whether it could
     */
    constructor(person, login, store, listener) {
        this.#person = person;
        this.#listener = listener;
        this.#store = store;
        const client = new ChatClient({ ...login, resume: store.get("resume", undefined) });
        this.#client = client;
        if (person.kind === "guest") {
            store.put("resume", client.resume); // for all tabs: a guest that returns within minutes keeps its name
        }
        this.#connectParts(client, store);
        client.on("state", (event) => this.#stateChanged(event));
        this.#channels.restore();
        this.inbox.restore();
        this.#outbox.restore();
    }

    #connectParts(client, store) {
        const changed = () => this.#listener.changed();
        const opened = (conversation) => {
            conversation.draft = store.get(`draft ${conversation.key}`, "");
        };
        const name = () => this.name;
        this.outage = new Outage(changed);
        this.#reading = new Reading(client, store, changed, () => this.inbox.keep());
        const shown = (message) => this.#shown(message);
        this.changes = new Changes(client, name);
        this.quotes = new Quotes(client, { changed, name, shown });
        const seen = new Seen(client, name);
        this.#history = new History(client, {
            changed,
            name,
            shown,
            loaded: (conversation) => this.#drawLine(conversation),
            isCurrent: (conversation) => conversation === this.current,
            isAtEnd: this.#listener.isAtEnd,
        });
        this.#outbox = new Outbox(client, store, this.#tab, {
            changed,
            isEnded: () => this.#isEnded,
            find: (key) => (key.startsWith("@") ? this.inbox.open(key) : this.conversations.get(key)),
            returned: (conversation, text) => this.#listener.returned(conversation, text),
        });
        this.inbox = new Inbox(client, this.conversations, store, this.#reading, {
            changed,
            name,
            shown,
            opened,
            current: () => this.current,
        });
        this.mutes = new Mutes(store, changed);
        this.finder = new Finder(client, this.conversations, name, changed);
        this.#presence = new Presence(client, changed);
        this.#channels = new Channels(client, this.conversations, store, {
            changed,
            isSmall: (channel) => seen.isSmall(channel),
            opened,
            joined: (conversation) => this.#joined(conversation),
            refused: (conversation) => this.#outbox.resume(conversation),
            left: (conversation) => this.#close(conversation),
        });
        new Feed(client, this, {
            history: this.#history,
            inbox: this.inbox,
            outbox: this.#outbox,
            reading: this.#reading,
            presence: this.#presence,
            channels: this.#channels,
            seen,
            mentioned: new Mentioned(client, { changed, name }),
            shown,
            changed,
            heard: this.#listener.heard,
            isAttentive: this.#listener.isAttentive,
        });
    }

    get name() {
        return this.#client.name || this.#person.name;
    }

    /** Returns how many bytes a message has left in the current conversation, before it is too long. */
    bytesLeft(data) {
        const reference = this.current?.replyTo ? REFERENCE : 0;
        return this.current ? this.#client.bytesLeft(this.current.key, data) - reference : 0;
    }

    /** Returns the number of own messages that the server does not have. */
    get unsent() {
        return [...this.conversations.values()].reduce((sum, { pending }) => sum + pending.length, 0);
    }

    /** Returns whether own messages are on their way. */
    get isSending() {
        return [...this.conversations.values()].some(({ pending }) => pending.some(({ state }) => state === "sending"));
    }

    /** Waits until the server has taken or refused all own messages, for so many milliseconds at the most. */
    async drain(millis) {
        const end = performance.now() + millis;
        while (this.isSending && this.#client.state === "connected" && performance.now() < end) {
            await new Promise((resolve) => setTimeout(resolve, DRAIN_PAUSE));
        }
    }

    /** Ends the chat, and removes what the browser keeps of the person. */
    async signOut() {
        this.#stop();
        await this.#store.clear();
    }

    /** Ends the chat, and forgets nothing. */
    end() {
        this.#stop();
        this.#store.close();
    }

    #stop() {
        this.#isEnded = true;
        this.#reading.end();
        this.#client.close({ timeout: 0 });
        this.outage.end();
        this.#tab.close();
    }

    #stateChanged({ state, error, code, reason }) {
        const begins = state === "connected";
        this.outage.changed(state, code, reason);
        for (const conversation of this.conversations.values()) {
            conversation.typing.clear(); // what is not heard any more
        }
        this.begun ||= begins;
        if (state === "closed") {
            if (!this.#isEnded && error) {
                this.#listener.ended(error);
            }
        } else if (begins) {
            this.delay = null;
            this.#connected();
        }
        this.#listener.changed();
    }

    #connected() {
        if (this.#person.stays) {
            this.#staySignedIn();
        }
        this.inbox.read();
        this.#askMembers(this.current);
        if (this.current && !this.current.loaded) {
            this.#history.load(this.current);
        }
        for (const conversation of this.conversations.values()) {
            if (conversation.isDirect || this.#client.position(conversation.key)) {
                this.#outbox.resume(conversation);
            }
        }
    }

    /** Asks for a token, once. A server without accounts of its own has none. */
    async #staySignedIn() {
        this.#person.stays = false;
        const { token } = await this.#client.call("stay-signed-in", null).catch(() => ({}));
        if (token && !this.#isEnded) {
            this.#store.put(TOKEN, token);
        }
    }

    #joined(conversation) {
        this.#outbox.resume(conversation);
        if (conversation === this.current) {
            this.#history.load(conversation);
            this.#askMembers(conversation);
        }
        this.#listener.changed();
    }

    /** Handles a value that another tab has changed. */
    changedElsewhere(name) {
        const [kind] = name.split(" ", 1);
        const key = name.slice(kind.length + 1);
        const conversation = this.conversations.get(key);
        if (kind === "channel") {
            this.#channels.changedElsewhere(key);
        } else if (kind === "direct" && this.#store.get(name, false)) {
            this.inbox.open(key);
        } else if (kind === "read" && conversation) {
            this.#reading.restore(conversation);
        } else if (kind === "out") {
            this.#outbox.restore();
        } else if (kind === "draft" && conversation) {
            conversation.draft = this.#store.get(name, "");
        }
        this.#listener.changed();
    }

    /** Joins a channel. Returns the key of its conversation. */
    join(channel) {
        return this.#channels.join(channel.normalize("NFC")).key;
    }

    /** Begins a conversation with one other person. Returns its key. */
    write(to) {
        return this.inbox.open(`@${to.normalize("NFC")}`).key;
    }

    /** Leaves a channel, or closes a conversation. */
    leave(conversation) {
        this.#outbox.forget(conversation);
        this.#store.drop(`draft ${conversation.key}`);
        conversation.isDirect ? this.inbox.close(conversation) : this.#channels.leave(conversation);
        this.#close(conversation);
    }

    #close(conversation) {
        this.conversations.delete(conversation.key);
        if (this.current === conversation) {
            this.select(null);
        }
        this.#listener.changed();
    }

    /** Returns the key of the conversation that the person saw last, or any. */
    get lastKey() {
        const key = this.#store.get("current", null);
        return this.conversations.has(key) ? key : ([...this.conversations.keys()][0] ?? null);
    }

    /** Shows a conversation, by its key; null shows none. */
    select(key) {
        const conversation = this.conversations.get(key) ?? null;
        if (this.current && this.current !== conversation) {
            this.current.firstUnread = null;
        }
        this.current = conversation;
        if (conversation) {
            conversation.target = conversation.shownTarget = null;
            this.#store.put("current", key);
            if (!conversation.loaded) {
                this.#history.load(conversation);
            }
            this.#drawLine(conversation);
            this.#askMembers(conversation);
        }
        this.#listener.changed();
    }

    /** Shows a message of the current conversation. */
    show({ epoch, offset }) {
        this.#history.show(this.current, idOf(this.current.isDirect, epoch, offset), offset);
    }

    /** Sets the line above unread messages, which stays while the conversation is open. */
    #drawLine(conversation) {
        if (conversation.unread > 0 && conversation.loaded && !conversation.firstUnread) {
            conversation.firstUnread = conversation.oldestUnread?.id ?? null;
        }
    }

    /** Notes that the person has seen a message of the current conversation, and all before it. */
    read(message) {
        const conversation = this.current;
        if (message?.offset === undefined || !conversation.loaded) {
            return;
        }
        const { epoch, offset } = message;
        const end = conversation.isDirect ? null : this.#client.position(conversation.key);
        if (end && end.epoch !== epoch) {
            return; // the message is of a history that is gone
        }
        const isNewest = message === conversation.newest && !conversation.detached;
        // Further than the newest message, if that was edited or so.
        this.#reading.see(conversation, isNewest && end?.offset > offset ? end : { epoch, offset });
    }

    #shown(message) {
        const { sender, guest } = message;
        return shownOf(message, sender === this.name && !(guest && this.#person.kind === "account")); // a guest may have had the name before
    }

    /** Loads older messages of the current conversation. */
    loadOlder() {
        return this.#history.loadOlder(this.current);
    }

    /** Loads newer messages, unless the newest are loaded. */
    loadNewer() {
        return this.#history.loadNewer(this.current);
    }

    /** Goes to where unread messages begin, or back to the newest messages. */
    latest() {
        return this.#history.latest(this.current);
    }

    #askMembers(conversation) {
        if (this.#client.state === "connected") {
            this.#presence.ask(conversation);
        }
    }

    /** Sends a text in the current conversation, or a picture with its description. */
    send(text, image) {
        const conversation = this.current;
        const { replyTo } = conversation;
        const answered = replyTo ? { epoch: replyTo.epoch, offset: replyTo.offset } : undefined;
        conversation.firstUnread = null;
        conversation.replyTo = null;
        this.setDraft("");
        this.#outbox.send(conversation, text, { image, answered });
    }

    /** Begins an answer to a message of the current conversation; null ends it. */
    answer(message) {
        this.current.replyTo = message;
        this.#listener.changed();
    }

    /** Repeats a failed message under its key: it appears once, even if the first attempt succeeded. */
    retry(conversation, pending) {
        this.#outbox.retry(conversation, pending);
    }

    /** Drops a failed message. */
    discard(conversation, pending) {
        this.#outbox.discard(conversation, pending);
    }

    /** Keeps the text in the composer. */
    setDraft(text, conversation = this.current) {
        conversation.draft = text;
        if (text) {
            this.#store.put(`draft ${conversation.key}`, text);
        } else {
            this.#store.drop(`draft ${conversation.key}`);
        }
        if (conversation === this.current) {
            this.#presence.tellTyping(conversation, text !== "");
        }
    }
}
