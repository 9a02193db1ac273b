/* Direct messages: the inbox that the server keeps, and the conversations that this browser keeps. */

import { person } from "./storage.js";

const ARCHIVED = 100; // direct messages kept of each conversation
const ARCHIVED_LENGTH = 4_000; // longer ones come from the server, as long as it has them
const INBOX_PAGE = 200;

export class Inbox {
    #client;
    #conversations;
    #changed;
    #name;
    #shown;
    #restored;
    #readUpTo = null; // the position in the inbox

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./conversation.js").Conversations} conversations
     * @param {{changed: () => void, name: () => string, shown: (message: object, prefix: string) => object,
     *     restored: (conversation: object) => void}} chat
     */
    constructor(client, conversations, { changed, name, shown, restored }) {
        this.#client = client;
        this.#conversations = conversations;
        this.#changed = changed;
        this.#name = name;
        this.#shown = shown;
        this.#restored = restored;
    }

    /** Handles a direct message. */
    received({ epoch, offset }) {
        this.#readUpTo = { epoch, offset };
        this.keep();
    }

    /** Restores the conversations that this browser keeps. Later messages are in the inbox: see `read`. */
    restore() {
        const { inbox = null, peers = {} } = person.get(`directs ${this.#name()}`, {});
        this.#readUpTo = inbox;
        for (const [name, { messages, unread }] of Object.entries(peers)) {
            const conversation = this.#conversations.open(`@${name}`);
            conversation.messages = messages;
            conversation.unread = unread;
            this.#restored(conversation);
        }
    }

    /** Reads messages that arrived while there was no connection. */
    async read() {
        const range = { limit: INBOX_PAGE, folded: true };
        const page = await this.#client.history(`@${this.#name()}`, range).catch(() => null); // the next connection asks again
        const read = this.#readUpTo?.epoch === page?.epoch ? (this.#readUpTo?.offset ?? 0) : 0;
        for (const message of page?.messages ?? []) {
            const key = `@${message.to ?? message.sender}`;
            const isNew = message.offset > read;
            const shown = this.#shown(message, "in:");
            const conversation = isNew ? this.#conversations.open(key) : this.#conversations.get(key);
            const known = conversation?.messages.find(({ id }) => id === shown.id);
            if (known) {
                Object.assign(known, { text: shown.text, isCode: shown.isCode }); // as it is now
            } else if (conversation) {
                conversation.messages.push(shown);
                conversation.messages.sort((one, other) => one.time - other.time);
                conversation.unread += isNew && !shown.own ? 1 : 0;
            }
            if (isNew) {
                this.#readUpTo = { epoch: message.epoch, offset: message.offset };
            }
        }
        this.keep();
        this.#changed();
    }

    /** Saves the direct conversations in this browser. */
    keep() {
        const peers = {};
        for (const { isDirect, name, messages, unread } of this.#conversations.values()) {
            if (isDirect) {
                const kept = messages.filter(({ text }) => text?.length <= ARCHIVED_LENGTH).slice(-ARCHIVED);
                peers[name] = { messages: kept, unread };
            }
        }
        person.put(`directs ${this.#name()}`, { inbox: this.#readUpTo, peers });
    }
}
