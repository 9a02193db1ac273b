/*
 * What can be done with a message: a bar beside the one under the pointer or with the focus, a menu, and keys. There is
 * one bar for all, which is put into the row that it is for.
 */

import { byId, copy, element, symbol } from "./dom.js";
import { FREQUENT } from "./emoji.js";
import { phrase } from "./language.js";
import { openMenu } from "./menu.js";
import { say } from "./notice.js";
import { openPicker, wordsOfEmoji } from "./picker.js";

const QUICK = FREQUENT.slice(0, 3); // reactions in the bar

/**
 * @typedef {object} Deeds what can be done with messages
 * @property {(row: Element) => import("./message.js").Shown | undefined} messageOf returns what can be changed of a row
 * @property {(message: object) => boolean} mayDelete
 * @property {(message: object) => string} addressOf
 * @property {(message: object, emoji: string) => void} react
 * @property {(message: object) => void} reply
 * @property {(message: object) => void} edit
 * @property {(message: object) => void} remove
 */

export class MessageBar {
    #list;
    #deeds;
    #row = null;
    #isMoving = false;
    #bar = element("div", "bar");
    #react;
    #more;

    /** @param {HTMLElement} list of rows @param {Deeds} deeds @param {AbortSignal} signal ends it */
    constructor(list, deeds, signal) {
        this.#list = list;
        this.#deeds = deeds;
        this.#bar.role = "group";
        this.#bar.ariaLabel = phrase("bar.label");
        const quick = QUICK.map((emoji) => this.#quick(emoji));
        this.#react = this.#button("smile", "bar.react", () => this.#pick(this.#message, this.#react));
        const reply = this.#button("reply", "bar.reply", () => deeds.reply(this.#message));
        this.#more = this.#button("more", "bar.more", () => this.#open());
        this.#react.ariaHasPopup = "dialog";
        this.#more.ariaHasPopup = "menu";
        this.#bar.append(...quick, this.#react, reply, this.#more);
        const on = (type, listener) => list.addEventListener(type, listener, { signal });
        on("pointerover", ({ target }) => this.#to(target.closest(".message")));
        on("pointerleave", () => this.#leave());
        on("focusin", ({ target }) => this.#to(target.closest(".message")));
        on("focusout", ({ relatedTarget }) => list.contains(relatedTarget) || this.#leave());
        on("keydown", (event) => this.#pressed(event));
    }

    get #message() {
        return this.#row && this.#deeds.messageOf(this.#row);
    }

    #quick(emoji) {
        const button = element("button", "icon emoji", emoji);
        button.type = "button";
        button.ariaLabel = button.title = wordsOfEmoji(emoji);
        button.dataset.part = emoji;
        button.onclick = () => this.#deeds.react(this.#message, emoji);
        return button;
    }

    #button(name, key, act) {
        const button = element("button", "icon", symbol(name));
        button.type = "button";
        button.ariaLabel = button.title = phrase(key);
        button.dataset.part = name;
        button.onclick = act;
        return button;
    }

    /** Goes to another row, unless its menu or picker is open. */
    #to(row) {
        if (row !== this.#row && !this.#isOpen && !this.#isMoving) {
            this.#move(row);
        }
    }

    /** Moves the bar. A button in it that has the focus loses it by that, which is no reason to move. */
    #move(row) {
        this.#isMoving = true;
        this.#row = row && this.#deeds.messageOf(row) ? row : null;
        if (this.#row) {
            this.#row.append(this.#bar);
        } else {
            this.#bar.remove();
        }
        this.#isMoving = false;
    }

    get #isOpen() {
        return ["menu", "picker"].some((id) => byId(id).matches(":popover-open"));
    }

    #leave() {
        if (!this.#isOpen) {
            this.#to(document.activeElement?.closest("#messages .message") ?? null);
        }
    }

    /** Handles that a row is built again. */
    replacing(before, after) {
        if (before === this.#row) {
            this.#move(after);
        }
    }

    #pick(message, button) {
        openPicker(button, (emoji) => this.#deeds.react(message, emoji));
    }

    #open() {
        const message = this.#message;
        const { own, text, image } = message;
        const { reply, edit, remove, mayDelete, addressOf } = this.#deeds;
        const items = [
            { text: phrase("bar.reply"), key: "R", act: () => reply(message) },
            { text: phrase("bar.react"), key: "+", act: () => this.#pick(message, this.#more) },
        ];
        if (own) {
            items.push({ text: phrase(image ? "bar.describe" : "bar.edit"), key: "E", act: () => edit(message) });
        }
        if (text) {
            items.push({ text: phrase("bar.copy"), act: () => this.#copy(text) });
        }
        items.push({ text: phrase("bar.link"), act: () => this.#copy(addressOf(message)) });
        if (mayDelete(message)) {
            items.push({ text: phrase("bar.delete"), key: "Delete", isGrave: true, act: () => remove(message) });
        }
        openMenu(this.#more, phrase("bar.label"), items);
    }

    async #copy(text) {
        say(phrase((await copy(text)) ? "code.copied" : "code.uncopied"));
    }

    #pressed(event) {
        const row = event.target.closest(".message");
        const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
        if (event.target !== row || !isPlain) {
            return; // it is for a button or a field in it
        }
        if (event.key === "ArrowUp" || event.key === "ArrowDown") {
            event.preventDefault();
            this.#go(row, event.key === "ArrowDown" ? 1 : -1);
            return;
        }
        const message = this.#deeds.messageOf(row);
        const act = message && this.#actOf(event.key, message);
        if (act) {
            event.preventDefault();
            this.#to(row);
            act();
        }
    }

    #actOf(key, message) {
        const { reply, edit, remove, mayDelete } = this.#deeds;
        switch (key) {
            case "r":
            case "R":
                return () => reply(message);
            case "e":
            case "E":
                return message.own ? () => edit(message) : null;
            case "+":
                return () => this.#pick(message, this.#react);
            case "Delete":
                return mayDelete(message) ? () => remove(message) : null;
            case "Enter":
            case "ContextMenu":
                return () => this.#open();
            default:
                return null;
        }
    }

    #go(row, step) {
        const rows = [...this.#list.querySelectorAll(".message")];
        const next = rows[rows.indexOf(row) + step];
        next?.focus();
        next?.scrollIntoView({ block: "nearest" });
    }
}
