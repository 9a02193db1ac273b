/* The messages that answers refer to: those that are not loaded are asked for, one after the other. */

import { idOf } from "./message.js";

const KEPT = 200; // of a conversation
const AGAIN = 10_000; // milliseconds after which one is asked for again that did not come

export class Quotes {
    #client;
    #chat;
    #asked = new Map(); // when, by id
    #last = Promise.resolve(); // the last request

    /**
     * @param {import("./chat-client.js").ChatClient} client
     * @param {{changed: () => void, name: () => string, shown: (message: object) => object}} chat
     */
    constructor(client, chat) {
        this.#client = client;
        this.#chat = chat;
    }

    /** Returns the message that another one answers; null if it is gone, undefined while it is asked for. */
    of(conversation, { epoch, replyTo }) {
        const id = idOf(conversation.isDirect, epoch, replyTo);
        const here = conversation.messages.find((one) => one.id === id) ?? conversation.quoted.get(id);
        if (here === undefined && performance.now() - (this.#asked.get(id) ?? -Infinity) > AGAIN) {
            this.#asked.set(id, performance.now());
            this.#last = this.#last.then(() => this.#ask(conversation, id, epoch, replyTo));
        }
        return here;
    }

    async #ask(conversation, id, epoch, offset) {
        const { isDirect, key, name, quoted } = conversation;
        const range = { before: offset + 1, limit: 1, folded: true, ...(isDirect && { with: name }) };
        const page = await this.#client.history(isDirect ? `@${this.#chat.name()}` : key, range).catch(() => null);
        if (page) {
            const [message] = page.messages;
            quoted.set(id, page.epoch === epoch && message?.offset === offset ? this.#chat.shown(message) : null);
            if (quoted.size > KEPT) {
                quoted.delete(quoted.keys().next().value);
            }
            this.#asked.delete(id);
            this.#chat.changed();
        } // else it is asked for again when it is drawn again
    }
}
