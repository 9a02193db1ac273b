/* In which conversations this person is mentioned in what is not read. */

import { mentions } from "./mentions.js";
import { wordsOf } from "./message.js";

const SOUGHT = 5; // messages of a search

export class Mentioned {
    #client;
    #chat;

    /** @param {import("./chat-client.js").ChatClient} client @param {{changed: () => void, name: () => string}} chat */
    constructor(client, chat) {
        this.#client = client;
        this.#chat = chat;
    }

    /** Notes a message that has arrived and is not read. @param {boolean} isFirst of those that are not */
    arrived(conversation, { text }, isFirst) {
        conversation.isMentioned = (conversation.isMentioned && !isFirst) || mentions(text, this.#chat.name());
    }

    /** Looks for mentions in what was missed of a channel. Without the right to search, none is found. */
    async seek(conversation) {
        const { key, mark, unread } = conversation;
        const name = this.#chat.name();
        if (conversation.isDirect || unread === 0 || !mark) {
            return;
        }
        const found = await this.#client.search(key, `@${name}`, { limit: SOUGHT }).catch(() => ({ messages: [] }));
        const isOne = ({ offset, sender, data, deleted }) =>
            offset > mark.offset && sender !== name && mentions(wordsOf(data, deleted).text, name);
        if (found.messages.some(isOne) && conversation.unread > 0) {
            conversation.isMentioned = true;
            this.#chat.changed();
        }
    }
}
