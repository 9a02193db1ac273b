/* The field in which a message is written. */

import { byId, setText } from "./dom.js";
import { phrase } from "./language.js";
import { isBlank } from "./message.js";

const COUNTED = 1_000; // bytes left from which on they are shown
const IME = 229; // the key code while an input method composes, in browsers that do not say so otherwise
const TOUCH = matchMedia("(pointer: coarse)");

export class Composer {
    #chat;
    #sent;
    #field = byId("text");
    #shown = null;

    /** @param {import("./chat.js").Chat} chat @param {() => void} sent */
    constructor(chat, sent) {
        this.#chat = chat;
        this.#sent = sent;
        const field = this.#field;
        field.value = "";
        field.oninput = () => {
            chat.setDraft(field.value);
            this.fit();
        };
        field.onkeydown = (event) => this.#pressed(event);
        byId("composer").onsubmit = (event) => {
            event.preventDefault();
            this.#submit();
        };
    }

    /** Gives the field the focus, unless that would open a keyboard over the page. */
    focus() {
        if (!TOUCH.matches && this.#field.checkVisibility()) {
            this.#field.focus();
        }
    }

    #pressed(event) {
        const composes = event.isComposing || event.keyCode === IME;
        if (event.key === "Enter" && !event.shiftKey && !composes && !TOUCH.matches) {
            event.preventDefault();
            this.#submit();
        }
    }

    #submit() {
        const text = this.#field.value.trim();
        if (!isBlank(text) && this.#chat.bytesLeft(text) >= 0) {
            this.#chat.send(text);
            this.#field.value = "";
            this.#field.focus();
            this.fit();
            this.#sent();
        }
    }

    /** Takes back a text that the server finds too long, if nothing else is written. Returns whether it has. */
    takeBack(conversation, text) {
        if (conversation.draft !== "") {
            return false;
        }
        this.#chat.setDraft(text, conversation);
        return true;
    }

    /** @param {object?} conversation */
    render(conversation) {
        const field = this.#field;
        byId("composer").hidden = !conversation || conversation.problem !== null;
        if (conversation !== this.#shown) {
            this.#shown = conversation;
            field.value = conversation?.draft ?? "";
            const to = wordsFor(conversation);
            setText(byId("text-label"), to);
            field.placeholder = to.length > 60 ? phrase("composer.label") : to;
            this.fit();
        } else if (conversation && field.value !== conversation.draft) {
            field.value = conversation.draft; // another tab has changed or sent it
            this.fit();
        }
    }

    /** Fits the height to the text, up to a maximum, and says how much room is left. */
    fit() {
        const field = this.#field;
        field.style.height = "auto";
        if (field.scrollHeight > 0) {
            field.style.height = `${field.scrollHeight}px`;
        } // else it is not shown, and has no height yet
        const text = field.value.trim();
        const left = text.length > COUNTED ? this.#chat.bytesLeft(text) : COUNTED;
        byId("send").disabled = isBlank(text) || left < 0;
        byId("composer").classList.toggle("too-long", left < 0);
        field.setAttribute("aria-invalid", String(left < 0));
        const hint = byId("text-hint");
        const words =
            left < 0
                ? phrase("composer.over", { count: -left })
                : left < COUNTED
                  ? phrase("composer.left", { count: left })
                  : "";
        setText(hint, words);
    }
}

/** Returns the label of the field. */
function wordsFor(conversation) {
    if (!conversation) {
        return phrase("composer.label");
    }
    const { name, isDirect } = conversation;
    return phrase(isDirect ? "composer.direct" : "composer.channel", { name });
}
