/* What the page does when something is to be done with a message: it asks, and says what did not work. */

import { byId } from "./dom.js";
import { Editor } from "./editor.js";
import { phrase } from "./language.js";
import { parse, plainOf } from "./markdown.js";
import { say } from "./notice.js";
import { fragmentOf } from "./route.js";

const EXCERPT = 120; // characters

/** Returns the beginning of a text in one line. */
export function excerptOf({ text, image, isCode }) {
    const plain = isCode || image ? text : plainOf(parse(text.slice(0, EXCERPT * 4)));
    const line = plain.replace(/\s+/gu, " ").trim();
    const begin = line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
    return image ? phrase(begin ? "image.described" : "image.bare", { text: begin }) : begin;
}

export class Deeds {
    editor = null;
    #chat;
    #changed;
    #focusRow;

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {() => void} changed draws what has changed at once
     * @param {(id: string) => void} focusRow gives the row of a message the focus
     */
    constructor(chat, changed, focusRow) {
        this.#chat = chat;
        this.#changed = changed;
        this.#focusRow = focusRow;
    }

    /** Returns whether the server may let this person delete a message: those of others in channels, for it has moderators. */
    mayDelete = (message) => message.own || !this.#chat.current.isDirect;

    addressOf = ({ epoch, offset }) =>
        new URL(fragmentOf({ key: this.#chat.current.key, message: { epoch, offset } }), location.href).href;

    react = async (message, emoji) => say(await this.#chat.changes.react(this.#chat.current, message, emoji));

    reply = (message) => {
        this.#chat.answer(message);
        byId("text").focus();
    };

    edit = (message) => {
        this.editor = new Editor(this.#chat, this.#chat.current, message, () => {
            this.editor = null;
            this.#changed();
            this.#focusRow(message.id);
        });
        this.#changed();
        this.editor.focus();
        this.editor.node.scrollIntoView({ block: "nearest" });
    };

    /** Edits the last own message. Returns whether there is one. */
    editLast() {
        const message = this.#chat.current?.messages.findLast(
            ({ own, isDeleted, offset }) => own && !isDeleted && offset !== undefined,
        );
        if (message) {
            this.edit(message);
        }
        return message !== undefined;
    }

    /** Asks, and deletes a message. */
    remove = (message) => {
        const dialog = byId("erase");
        const conversation = this.#chat.current;
        byId("erase-text").textContent = excerptOf(message);
        dialog.returnValue = "";
        dialog.onclose = async () => {
            if (!dialog.open && dialog.returnValue === "erase") {
                say(await this.#chat.changes.remove(conversation, message));
            }
            if (document.activeElement === document.body) {
                this.#focusRow(message.id); // what had the focus is gone, such as an entry of the menu
            }
        };
        dialog.showModal();
    };
}
