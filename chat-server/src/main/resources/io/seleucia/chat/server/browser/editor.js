/* The editing of a message in its place. Escape ends it without a change. */

import { element } from "./dom.js";
import { phrase } from "./language.js";
import { isBlank } from "./message.js";

const IME = 229; // the key code while an input method composes

export class Editor {
    node; // stands in the row of the message, also when that is built again
    id; // of the message
    #field;
    #hint = element("span", "edit-hint");
    #save = element("button", "small", phrase("edit.save"));
    #chat;
    #conversation;
    #message;
    #ended;

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {object} conversation
     * @param {import("./message.js").Shown} message
     * @param {() => void} ended
     */
    constructor(chat, conversation, message, ended) {
        this.#chat = chat;
        this.#conversation = conversation;
        this.#message = message;
        this.#ended = ended;
        this.id = message.id;
        this.#field = element("textarea");
        this.#field.ariaLabel = phrase("edit.label");
        this.#field.dir = "auto";
        this.#field.rows = 1;
        this.#field.value = message.text;
        this.#field.oninput = () => this.fit();
        this.#hint.role = "status";
        const cancel = element("button", "plain", phrase("edit.cancel"));
        cancel.type = "button";
        cancel.onclick = () => ended();
        this.node = element("form", "edit", this.#field, element("div", "", this.#hint, cancel, this.#save));
        this.node.onsubmit = (event) => {
            event.preventDefault();
            this.#submit();
        };
        this.node.onkeydown = (event) => this.#pressed(event);
    }

    /** Gives the field the focus, with the caret at the end. */
    focus() {
        const end = this.#field.value.length;
        this.#field.focus({ preventScroll: true });
        this.#field.setSelectionRange(end, end);
        this.fit();
    }

    /** Fits the height to the text, and says if it is too long. */
    fit() {
        this.#field.style.height = "auto";
        this.#field.style.height = `${this.#field.scrollHeight + 2}px`;
        const left = this.#chat.changes.bytesLeft(this.#conversation, this.#message, this.#text);
        this.#save.disabled = left < 0 || (isBlank(this.#text) && !this.#message.image);
        this.#hint.textContent = left < 0 ? phrase("composer.over", { count: -left }) : "";
    }

    get #text() {
        return this.#field.value.trim();
    }

    #pressed(event) {
        event.stopPropagation(); // letters mean something in the timeline
        if (event.key === "Escape") {
            this.#ended();
        } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== IME) {
            event.preventDefault();
            this.#submit();
        }
    }

    async #submit() {
        if (this.#save.disabled) {
            return;
        }
        if (this.#text === this.#message.text) {
            this.#ended();
            return;
        }
        this.#save.disabled = true;
        this.#hint.textContent = phrase("edit.saving");
        const problem = await this.#chat.changes.edit(this.#conversation, this.#message, this.#text);
        if (problem) {
            this.#save.disabled = false;
            this.#hint.textContent = problem;
        } else {
            this.#ended();
        }
    }
}
