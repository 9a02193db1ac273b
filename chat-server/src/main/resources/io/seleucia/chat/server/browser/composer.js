/* The field in which a message is written. */

import { Attachments } from "./attachments.js";
import { Completion } from "./completion.js";
import { excerptOf } from "./deeds.js";
import { byId, setText } from "./dom.js";
import { dataOf } from "./images.js";
import { phrase } from "./language.js";
import { isBlank } from "./message.js";

const COUNTED = 1_000; // bytes left from which on they are shown
const SURELY_FITS = 150; // characters of a description, for which room was left
const IME = 229; // the key code while an input method composes, in browsers that do not say so otherwise
const TOUCH = matchMedia("(pointer: coarse)");

export class Composer {
    #chat;
    #sent;
    #editLast;
    #field = byId("text");
    #attachments;
    #completion;
    #shown = null;

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {{sent: () => void, editLast: () => boolean}} view `editLast`: edits the last own message, if there is one
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, { sent, editLast }, signal) {
        this.#chat = chat;
        this.#sent = sent;
        this.#editLast = editLast;
        const field = this.#field;
        field.value = "";
        this.#attachments = new Attachments(chat, () => this.fit(), signal);
        this.#completion = new Completion(chat, field);
        field.oninput = () => {
            chat.setDraft(field.value);
            this.fit();
            this.#completion.update();
        };
        field.onclick = () => this.#completion.update();
        field.onkeydown = (event) => this.#pressed(event);
        byId("replying-end").onclick = () => this.#endReply();
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
        if (composes || event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const isEmpty = this.#field.value === "" && this.#attachments.pictures.length === 0;
        if (!event.shiftKey && this.#completion.pressed(event)) {
            event.preventDefault();
        } else if (event.key === "Enter" && !event.shiftKey && !TOUCH.matches) {
            event.preventDefault();
            this.#submit();
        } else if (event.key === "ArrowUp" && isEmpty && !this.#shown?.replyTo && this.#editLast()) {
            event.preventDefault();
        } else if (event.key === "Escape" && this.#shown?.replyTo) {
            this.#endReply();
        }
    }

    #endReply() {
        this.#chat.answer(null);
        this.#field.focus();
    }

    /** Returns what would be sent first, if it could be. */
    #data() {
        const text = this.#field.value.trim();
        const [picture] = this.#attachments.pictures;
        const data = picture ? dataOf(picture, text) : text;
        const fits = text.length <= (picture ? SURELY_FITS : COUNTED);
        const left = fits ? COUNTED : this.#chat.bytesLeft(data);
        return { text, left, isEmpty: !picture && isBlank(text) };
    }

    /** Sends the text. With pictures, it describes the first of them, and each is a message of its own. */
    #submit() {
        const { text, left, isEmpty } = this.#data();
        if (!isEmpty && left >= 0) {
            const [first, ...others] = this.#attachments.take();
            this.#chat.send(text, first);
            for (const picture of others) {
                this.#chat.send("", picture);
            }
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
            this.#attachments.render();
            this.#completion.update();
        } else if (conversation && field.value !== conversation.draft) {
            field.value = conversation.draft; // another tab has changed or sent it
            this.fit();
        }
        this.#renderReply(conversation?.replyTo);
    }

    #renderReply(message) {
        byId("replying").hidden = !message;
        if (message) {
            setText(byId("replying-to"), phrase("quote.answering", { name: message.sender }));
            setText(byId("replying-text"), excerptOf(message));
        }
    }

    /** Fits the height to the text, up to a maximum, and says how much room is left. */
    fit() {
        const field = this.#field;
        field.style.height = "auto";
        if (field.scrollHeight > 0) {
            field.style.height = `${field.scrollHeight}px`;
        } // else it is not shown, and has no height yet
        const { left, isEmpty } = this.#data();
        byId("send").disabled = isEmpty || left < 0;
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
