/*
 * Direct messages. The server has them in the own inbox, both halves of each conversation; what is kept here is with whom
 * there are conversations, and how far the inbox has been looked through.
 */

import { covers } from "./message.js";

const PAGE = 200;
const MOST = 500; // conversations that are listed: anyone can begin some
const PAGES = 25; // read at the most: more than an inbox has unless a server is told to keep more

export class Inbox {
    isIncomplete = false; // conversations of longer ago are not listed
    #client;
    #conversations;
    #store;
    #reading;
    #chat;
    #end = null; // the position up to which the inbox has been looked through
    #kept = -1; // the offset that was saved of it
    #isRead = false;

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {import("./conversation.js").Conversations} conversations
     * @param {import("./store.js").Store} store
     * @param {import("./reading.js").Reading} reading
     * @param {{changed: () => void, name: () => string, shown: (message: object) => object,
     *     opened: (conversation: object) => void, current: () => object | null}} chat
     */
    constructor(client, conversations, store, reading, chat) {
        this.#client = client;
        this.#conversations = conversations;
        this.#store = store;
        this.#reading = reading;
        this.#chat = chat;
    }

    /** Restores the conversations of the person's last visit. */
    restore() {
        this.#end = this.#store.get("inbox", null);
        for (const key of this.#store.names("direct ")) {
            this.open(key);
        }
    }

    /** Returns the conversation with a person, by its key; it is listed from then on. */
    open(key) {
        if (!this.#conversations.has(key)) {
            this.#makeRoom();
            const conversation = this.#conversations.open(key);
            this.#reading.restore(conversation);
            this.#chat.opened(conversation);
            if (!this.#store.get(`direct ${key}`)) {
                this.#store.put(`direct ${key}`, true);
            }
        }
        return this.#conversations.get(key);
    }

    /** Closes the oldest conversation if there are very many, one that the person has never read before the others. */
    #makeRoom() {
        const directs = [...this.#conversations.values()].filter(({ isDirect }) => isDirect);
        if (directs.length >= MOST) {
            const idle = directs.filter(
                (one) => !one.draft && one.pending.length === 0 && one !== this.#chat.current(),
            );
            const oldest = idle.find(({ key }) => !this.#store.get(`read ${key}`, null)) ?? idle[0];
            if (oldest) {
                this.close(oldest);
                this.#conversations.delete(oldest.key);
            }
        }
    }

    /** Closes a conversation. It is listed again when another message comes. */
    close(conversation) {
        this.#store.drop(`direct ${conversation.key}`);
        this.#reading.closed(conversation);
    }

    /** Looks through what has come since the last visit, from the newest back. */
    async read() {
        if (this.#isRead) {
            return;
        }
        const { name } = this.#chat;
        let before;
        let isDone = false;
        const messages = [];
        for (let pages = 0; pages < PAGES && !isDone; pages++) {
            const range = { limit: PAGE, folded: true, before };
            const page = await this.#client.history(`@${name()}`, range).catch(() => null);
            if (!page) {
                return; // the next connection asks again
            }
            messages.unshift(...page.messages);
            const oldest = page.messages[0];
            isDone = !oldest || oldest.offset === 1 || covers(this.#end, oldest);
            before = oldest?.offset;
        }
        this.#isRead = true;
        this.isIncomplete = !isDone;
        for (const message of messages.filter((one) => !covers(this.#end, one))) {
            this.#take(message);
        }
        this.#keepEnd(messages.at(-1));
        this.#chat.changed();
    }

    #take(message) {
        const conversation = this.open(`@${message.to ?? message.sender}`);
        this.#reading.arrivedDirect(conversation, this.#chat.shown(message));
    }

    /** Handles a direct message. */
    received(message) {
        if (this.#isRead) {
            this.#keepEnd(message); // else those before it are still to be looked through
        }
    }

    #keepEnd(message) {
        if (message && !covers(this.#end, message)) {
            this.#end = { epoch: message.epoch, offset: message.offset };
        }
        this.keep();
    }

    /** Saves from where the next visit is to look: what is unread is counted again then. */
    keep() {
        if (this.#isRead && this.#end) {
            const offset = Math.min(this.#end.offset, this.#reading.oldestDirect - 1);
            if (this.#kept !== offset) {
                this.#kept = offset;
                this.#store.put("inbox", { epoch: this.#end.epoch, offset });
            }
        }
    }

    /** Handles the loss of messages: looks through the inbox again. */
    lost(epoch) {
        if (this.#end?.epoch !== epoch) {
            this.#end = null;
            this.#reading.lostInbox();
        }
        this.#isRead = false;
        return this.read();
    }
}
