/* What a person does to messages that are there: edits, deletions and reactions. */

import { dataOf } from "./images.js";
import { problemOfChange } from "./words.js";

export class Changes {
    #client;
    #name;

    /** @param {import("./chat-client.js").ChatClient} client @param {() => string} name of this person */
    constructor(client, name) {
        this.#client = client;
        this.#name = name;
    }

    /** Replaces the text of a message. @returns {Promise<string>} why that failed; empty if it did not */
    edit({ key }, message, text) {
        return this.#attempt(() => this.#client.edit(key, message.offset, editedData(message, text)));
    }

    /** Returns how many bytes are left of an edit, before it is too long. */
    bytesLeft({ key }, message, text) {
        return this.#client.bytesLeft(key, editedData(message, text)) - REFERENCE;
    }

    /** Deletes a message. Otherwise as `edit`. */
    remove({ key }, { offset }) {
        return this.#attempt(() => this.#client.remove(key, offset));
    }

    /** Gives a reaction, or takes it back. Otherwise as `edit`. */
    react({ key }, message, text) {
        const { offset } = message;
        return this.#attempt(() =>
            this.hasReacted(message, text)
                ? this.#client.unreact(key, offset, text)
                : this.#client.react(key, offset, text),
        );
    }

    /** Returns whether this person has reacted so. */
    hasReacted({ reactions }, text) {
        return reactions.some((one) => one.text === text && one.clients.includes(this.#name()));
    }

    async #attempt(action) {
        try {
            await action();
            return "";
        } catch (error) {
            return problemOfChange(error);
        }
    }
}

const REFERENCE = 60; // bytes of an edit's `ref`, at the most

const editedData = ({ image }, text) => (image ? dataOf(image, text) : text);
