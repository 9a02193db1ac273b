/*
 * The state of the page without its appearance: conversations with their messages, members, pending and unread
 * messages. All changes go through a Chat, which then notifies its listener.
 */

import { ChatClient } from "./chat-client.js";
import { Conversations } from "./conversation.js";
import { History } from "./history.js";
import { Inbox } from "./inbox.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { person, tab } from "./storage.js";

/** The chat of one person, from the login on. Each part of it has a file of its own. */
export class Chat {
    conversations = new Conversations();
    current = null;
    connection = { state: "connecting", lostAt: 0, begun: false }; // `begun`: there has been a connection
    #client;
    #changed;
    #ended;
    #heard;
    #isAttentive;
    #reads = {}; // the position up to which a channel was read, by name
    #login;
    #history;
    #outbox;
    #inbox;
    #presence;

    /**
     * @param {object} login as ChatClient has it
     * @param {{changed: () => void, ended: (error: Error | null) => void, heard: (message: object,
     *     conversation: object) => void, isAtEnd: () => boolean, isAttentive: () => boolean}} listener `isAtEnd`:
     *     whether the newest message is in sight; `isAttentive`: whether the person is looking at the page, too
     */
    constructor(login, listener) {
        this.#login = login;
        this.#changed = listener.changed;
        this.#ended = listener.ended;
        this.#heard = listener.heard;
        this.#isAttentive = listener.isAttentive;
        this.#client = new ChatClient({ ...login, resume: person.get("resume", "") });
        person.put("resume", this.#client.resume); // for all tabs: a guest that returns within minutes keeps its name
        const changed = () => this.#changed();
        const shown = (message, prefix) => this.#shown(message, prefix);
        this.#history = new History(this.#client, {
            changed,
            shown,
            loaded: (conversation) => this.#drawLine(conversation),
            isCurrent: (conversation) => conversation === this.current,
            isAtEnd: listener.isAtEnd,
        });
        this.#outbox = new Outbox(this.#client, {
            changed,
            delivered: (conversation, message) => this.#delivered(conversation, message),
        });
        this.#inbox = new Inbox(this.#client, this.conversations, {
            changed,
            shown,
            name: () => this.name,
            restored: (conversation) => this.#outbox.resume(conversation),
        });
        this.#presence = new Presence(this.#client, changed);
        this.#client.on("state", (event) => this.#stateChanged(event));
        this.#client.on("message", (message) => this.#received(message.channel, message));
        this.#client.on("direct", (message) => this.#received(`@${message.sender}`, message));
        this.#client.on("sent", (message) => this.#received(`@${message.to}`, message));
        this.#client.on("edited", (edit) => this.#revised(edit));
        this.#client.on("deleted", (deletion) => this.#revised(deletion));
        this.#client.on("signal", ({ channel, sender, data }) => this.#signalled(channel, sender, data));
        this.#client.on("joined", ({ channel, client, guest }) => this.#moved(channel, client, true, guest));
        this.#client.on("left", ({ channel, client }) => this.#moved(channel, client, false));
        this.#client.on("lost", (lost) => this.#lost(lost));
        this.#client.on("removed", ({ channel, error }) => this.#removed(channel, error));
        this.#restore();
    }

    get name() {
        return this.#client.name || this.#login.client || this.#login.user;
    }

    /** Ends the chat after all pending messages are sent, and forgets what the tab keeps. */
    async end() {
        await this.#client.close();
        person.drop("name");
        tab.drop("current");
        for (const key of this.conversations.keys()) {
            tab.drop(`draft ${key}`);
            tab.drop(`pending ${key}`);
        }
    }

    #stateChanged({ state, error }) {
        const begins = state === "connected";
        const { lostAt, begun } = this.connection;
        this.connection = { state, lostAt: begins ? 0 : lostAt || Date.now(), begun: begun || begins };
        if (state === "closed") {
            this.#ended(error);
        } else if (begins) {
            person.put("name", this.name);
            this.#inbox.read();
            this.#askMembers(this.current);
            if (this.current && !this.current.loaded) {
                this.#history.load(this.current);
            }
            for (const conversation of this.conversations.values()) {
                conversation.typing.clear();
            }
        }
        this.#changed();
    }

    /** Restores the conversations of the user's last visit. */
    #restore() {
        this.#reads = person.get(`reads ${this.name}`, {});
        const channels = person.get(`channels ${this.name}`, ["lobby"]);
        for (const channel of channels) {
            this.#join(channel);
        }
        this.#inbox.restore();
        this.select(tab.get("current", channels[0] ?? null));
    }

    /** Joins a channel and shows it. */
    join(channel) {
        this.#join(channel);
        this.select(channel);
    }

    #join(channel) {
        if (this.conversations.has(channel)) {
            return;
        }
        const conversation = this.conversations.open(channel);
        this.#keepChannels();
        this.#follow(conversation).then(
            ({ epoch, offset }) => {
                const read = this.#reads[channel];
                if (read?.epoch === epoch && offset > read.offset) {
                    conversation.unread += offset - read.offset;
                    conversation.readUpTo = read.offset;
                } else if (!read) {
                    this.#noteRead(channel, { epoch, offset });
                }
                if (conversation === this.current) {
                    this.#history.load(conversation);
                    this.#askMembers(conversation);
                }
                this.#changed();
            },
            (error) => {
                if (this.#client.state !== "closed" && this.conversations.get(channel) === conversation) {
                    conversation.problem = error.message;
                    this.#keepChannels();
                    this.#changed();
                }
            },
        );
        this.#outbox.resume(conversation);
    }

    /** Joins a channel with presence, or without it if the rules forbid it. */
    #follow({ key, newest }) {
        const since = newest?.offset === undefined ? undefined : { epoch: newest.epoch, offset: newest.offset };
        return this.#client.join(key, { presence: true, since }).catch((error) => {
            if (error.code !== "forbidden") {
                throw error;
            }
            return this.#client.join(key, { since });
        });
    }

    /** Handles the end of a subscription by the server: retries without presence, or shows it. */
    #removed(channel, error) {
        const conversation = this.conversations.get(channel);
        if (!conversation) {
            return;
        }
        conversation.members.clear();
        conversation.unlisted = 0;
        conversation.typing.clear();
        this.#follow(conversation).catch(() => {
            if (this.#client.state !== "closed" && this.conversations.get(channel) === conversation) {
                conversation.problem = error.message;
                this.#keepChannels();
                this.#changed();
            }
        });
        this.#changed();
    }

    /** Begins a conversation with one other person. */
    write(to) {
        this.select(this.conversations.open(`@${to}`).key);
        this.#inbox.keep();
    }

    /** Leaves a channel, or closes a conversation. */
    leave(conversation) {
        this.conversations.delete(conversation.key);
        tab.drop(`draft ${conversation.key}`);
        tab.drop(`pending ${conversation.key}`);
        if (conversation.isDirect) {
            this.#inbox.keep();
        } else {
            this.#client.leave(conversation.key);
            delete this.#reads[conversation.key];
            person.put(`reads ${this.name}`, this.#reads);
            this.#keepChannels();
        }
        if (this.current === conversation) {
            this.select([...this.conversations.keys()][0] ?? null);
        }
        this.#changed();
    }

    /** Shows a conversation, by its key; null shows none. */
    select(key) {
        const conversation = this.conversations.get(key) ?? [...this.conversations.values()][0] ?? null;
        if (this.current && this.current !== conversation) {
            this.current.firstUnread = null;
        }
        this.current = conversation;
        tab.put("current", conversation?.key ?? null);
        if (conversation && !conversation.loaded) {
            this.#history.load(conversation);
        }
        if (conversation) {
            this.#drawLine(conversation);
            this.#askMembers(conversation);
        }
        this.#changed();
    }

    /** Sets the line above unread messages, which stays while the conversation is open. */
    #drawLine(conversation) {
        if (conversation.unread > 0 && conversation.loaded) {
            const others = conversation.messages.filter((message) => !message.own && !message.notice);
            const first =
                conversation.readUpTo === null
                    ? others.at(-conversation.unread)
                    : others.find((message) => message.offset > conversation.readUpTo);
            conversation.firstUnread = first?.id ?? null;
            conversation.readUpTo = null;
        }
    }

    /** Marks the current conversation as read. */
    read() {
        const conversation = this.current;
        const newest = conversation?.newest;
        if (!newest || conversation.detached || !conversation.loaded) {
            return;
        }
        const { key, isDirect, unread } = conversation;
        conversation.unread = 0;
        if (isDirect && unread > 0) {
            this.#inbox.keep();
        } else if (!isDirect) {
            const end = this.#client.position(key); // further than the newest message, if that was edited or so
            const offset = end?.epoch === newest.epoch ? Math.max(end.offset, newest.offset) : newest.offset;
            if (this.#reads[key]?.offset !== offset) {
                this.#noteRead(key, { epoch: newest.epoch, offset });
            }
        }
        if (unread > 0) {
            this.#changed();
        }
    }

    #noteRead(channel, position) {
        this.#reads[channel] = position;
        person.put(`reads ${this.name}`, this.#reads);
    }

    #keepChannels() {
        const channels = [...this.conversations.values()].filter(({ isDirect, problem }) => !isDirect && !problem);
        person.put(
            `channels ${this.name}`,
            channels.map(({ key }) => key),
        );
    }

    #shown({ epoch, offset, sender, guest = false, time, data, deleted }, prefix = "") {
        return {
            id: `${prefix}${epoch}:${offset ?? crypto.getRandomValues(new Uint32Array(1))}`,
            epoch,
            offset,
            sender,
            guest,
            time,
            ...wordsOf(data, deleted),
            own: sender === this.name && !(guest && this.#login.user), // a guest may have had the name before
        };
    }

    /** Loads older messages of the current conversation. */
    loadOlder() {
        return this.#history.loadOlder(this.current);
    }

    /** Loads newer messages, unless the newest are loaded. */
    loadNewer() {
        return this.#history.loadNewer(this.current);
    }

    /** Goes back to the newest messages. */
    latest() {
        return this.#history.latest(this.current);
    }

    #askMembers(conversation) {
        if (this.connection.state === "connected") {
            this.#presence.ask(conversation);
        }
    }

    #moved(channel, client, isThere, guest) {
        this.#presence.moved(this.conversations.get(channel), client, isThere, guest);
    }

    #signalled(channel, sender, data) {
        if (sender !== this.name) {
            this.#presence.signalled(this.conversations.get(channel), sender, data);
        }
    }

    #received(key, message) {
        const conversation = key.startsWith("@") ? this.conversations.open(key) : this.conversations.get(key);
        if (!conversation) {
            return;
        }
        const shown = this.#shown(message, conversation.isDirect ? "in:" : "");
        conversation.typing.delete(shown.sender);
        if (shown.own) {
            this.#outbox.arrived(conversation, shown);
        }
        this.#history.received(conversation, shown);
        const seen = conversation === this.current && this.#isAttentive();
        if (!shown.own && !seen) {
            conversation.unread++;
            if (conversation.unread === 1) {
                conversation.firstUnread = shown.id;
            }
        }
        if (conversation.isDirect) {
            this.#inbox.received(message);
        }
        this.#heard(shown, conversation);
        this.#changed();
    }

    /** Shows an edit or a deletion in the earlier message, if that is loaded. */
    #revised({ channel, epoch, ref, sender, to, data }) {
        const isDirect = channel.startsWith("@");
        const conversation = this.conversations.get(isDirect ? `@${to ?? sender}` : channel);
        const id = `${isDirect ? "in:" : ""}${epoch}:${ref.offset}`;
        const messages = [...(conversation?.messages ?? []), ...(conversation?.meanwhile ?? [])];
        const message = messages.find((one) => one.id === id);
        if (message) {
            Object.assign(message, wordsOf(data, ref.kind === "delete"));
        }
        if (isDirect) {
            this.#inbox.keep();
        }
        this.#changed();
    }

    #lost({ channel, epoch, offset }) {
        if (channel === `@${this.name}`) {
            this.#inbox.read();
            return;
        }
        const conversation = this.conversations.get(channel);
        if (!conversation) {
            return;
        }
        this.#history.lost(conversation, { epoch, offset });
        this.#askMembers(conversation);
        this.#changed();
    }

    /** Sends a text in the current conversation. */
    send(text) {
        const conversation = this.current;
        conversation.firstUnread = null;
        this.setDraft("");
        this.#outbox.send(conversation, text);
    }

    /** Repeats a failed message under its key: it appears once, even if the first attempt succeeded. */
    retry(conversation, pending) {
        this.#outbox.retry(conversation, pending);
    }

    /** Drops a failed message. */
    discard(conversation, pending) {
        this.#outbox.discard(conversation, pending);
    }

    /** Shows an own direct message of which the server keeps no copy. */
    #delivered(conversation, message) {
        if (conversation.name !== this.name) {
            this.#history.append(conversation, this.#shown({ ...message, sender: this.name }, "out:"));
        }
        this.#inbox.keep();
    }

    /** Keeps the text in the composer. */
    setDraft(text) {
        this.current.draft = text;
        if (text) {
            tab.put(`draft ${this.current.key}`, text);
        } else {
            tab.drop(`draft ${this.current.key}`);
        }
        this.#presence.tellTyping(this.current, text !== "");
    }
}

/** Returns the text of a message as it is shown. */
function wordsOf(data, deleted) {
    if (deleted) {
        return { text: "This message was deleted.", isCode: false };
    }
    return typeof data === "string"
        ? { text: data, isCode: false }
        : { text: JSON.stringify(data, null, 2), isCode: true };
}
