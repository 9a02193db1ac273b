/* Searches the conversation that is open; a result leads to its message. */

import { byId, element, setText } from "./dom.js";
import { phrase } from "./language.js";
import { wordsOf } from "./message.js";
import { dayOf, timeOf } from "./text.js";

const AROUND = 60; // letters shown before what was found

export class Search {
    #chat;
    #open;
    #dialog = byId("search");
    #list = byId("search-list");
    #text = "";
    #next;
    #of = null; // the conversation
    #asked = 0; // counts, so that an answer that comes late has no effect

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {(place: import("./route.js").Place) => void} open goes to a message
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        byId("search-open").onclick = () => this.#show();
        byId("search-close").onclick = () => this.#dialog.close();
        byId("search-more").onclick = () => this.#load();
        byId("search-form").onsubmit = (event) => {
            event.preventDefault();
            this.#begin();
        };
        signal.addEventListener("abort", () => {
            this.#asked++;
            this.#dialog.close();
            this.#list.replaceChildren();
            byId("search-field").value = "";
        });
    }

    #show() {
        if (this.#of !== this.#chat.current) {
            this.#of = this.#chat.current;
            this.#asked++;
            this.#list.replaceChildren();
            byId("search-more").hidden = true;
            setText(byId("search-status"), "");
        }
        setText(byId("search-label"), phrase("search.label", { name: this.#of.name }));
        this.#dialog.showModal();
        byId("search-field").focus();
        byId("search-field").select();
    }

    #begin() {
        this.#text = byId("search-field").value.trim().normalize("NFC");
        this.#list.replaceChildren();
        this.#next = undefined;
        if (this.#text) {
            this.#load();
        }
    }

    async #load() {
        const mine = ++this.#asked;
        const more = byId("search-more");
        const status = byId("search-status");
        more.hidden = true;
        setText(status, phrase("search.searching"));
        const found = this.#chat.finder.messages(this.#of, this.#text, this.#next);
        const page = await found.catch((error) => ({ error }));
        if (mine !== this.#asked) {
            return;
        }
        if (page.error) {
            const isForbidden = page.error.code === "forbidden";
            setText(status, phrase(isForbidden ? "search.forbidden" : "search.failed"));
            more.hidden = isForbidden;
            return;
        }
        this.#next = page.next;
        more.hidden = page.next === undefined;
        const had = this.#list.childElementCount;
        this.#list.append(...page.messages.map((message) => this.#row(message)));
        const count = had + page.messages.length;
        setText(status, count === 0 ? phrase("search.none") : phrase("search.found", { count }));
        if (had > 0) {
            this.#list.children[had]?.querySelector("button").focus();
        }
    }

    #row({ epoch, offset, sender, time, data, deleted }) {
        const { text } = wordsOf(data, deleted);
        const words = element("span", "found-words", ...this.#marked(text));
        words.dir = "auto";
        const when = element("time", "about", `${dayOf(time)} ${timeOf(time)}`);
        when.dateTime = new Date(time).toISOString();
        const button = element(
            "button",
            "found",
            element("span", "found-text", element("bdi", "name", sender), when, words),
        );
        button.onclick = () => {
            this.#dialog.close();
            this.#open({ key: this.#of.key, message: { epoch, offset } });
        };
        return element("li", "", button);
    }

    /** Returns the text around the first place where it contains what is searched for, which is marked. */
    #marked(text) {
        const at = text.toLowerCase().indexOf(this.#text.toLowerCase());
        if (at < 0) {
            return [text];
        }
        const begin = at > AROUND ? at - AROUND : 0;
        const end = at + this.#text.length;
        return [
            (begin > 0 ? "…" : "") + text.slice(begin, at),
            element("mark", "", text.slice(at, end)),
            text.slice(end),
        ];
    }
}
