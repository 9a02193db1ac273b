/* Searches the conversation that is open; a result leads to its message. */

import { byId, element, setText } from "./dom.js";
import { phrase } from "./language.js";
import { wordsOf } from "./message.js";
import { Results } from "./results.js";
import { dayOf, timeOf } from "./text.js";

const AROUND = 60; // letters shown before what was found

export class Search {
    #chat;
    #open;
    #dialog = byId("search");
    #results;
    #text = "";
    #of = null; // the conversation

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {(place: import("./route.js").Place) => void} open goes to a message
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        this.#results = new Results("search", {
            ask: (next) => chat.finder.messages(this.#of, this.#text, next),
            rows: ({ messages }) => messages.map((message) => this.#row(message)),
            waiting: () => phrase("search.searching"),
            found: (count) => (count === 0 ? phrase("search.none") : phrase("search.found", { count })),
            failed: ({ code }) => {
                const isFinal = code === "forbidden";
                return { text: phrase(isFinal ? "search.forbidden" : "search.failed"), isFinal };
            },
        });
        byId("search-open").onclick = () => this.#show();
        byId("search-close").onclick = () => this.#dialog.close();
        byId("search-form").onsubmit = (event) => {
            event.preventDefault();
            this.#begin();
        };
        signal.addEventListener("abort", () => {
            this.#dialog.close();
            this.#results.clear();
            byId("search-field").value = "";
        });
    }

    #show() {
        if (this.#of !== this.#chat.current) {
            this.#of = this.#chat.current;
            this.#results.clear();
        }
        setText(byId("search-label"), phrase("search.label", { name: this.#of.name }));
        this.#dialog.showModal();
        byId("search-field").focus();
        byId("search-field").select();
    }

    #begin() {
        this.#text = byId("search-field").value.trim().normalize("NFC");
        if (this.#text) {
            this.#results.begin();
        } else {
            this.#results.clear();
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
