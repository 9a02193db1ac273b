/* The channels of the server, to find and join one. */

import { byId, element } from "./dom.js";
import { topicOf } from "./finder.js";
import { phrase } from "./language.js";
import { Results } from "./results.js";

const PAUSE = 250; // milliseconds after the last letter before the server is asked

export class Directory {
    #chat;
    #open;
    #dialog = byId("directory");
    #results;
    #timer;

    /** @param {import("./chat.js").Chat} chat @param {(key: string) => void} open @param {AbortSignal} signal ends it */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        this.#results = new Results("directory", {
            ask: (next) => chat.finder.channels(prefix(), next),
            rows: ({ channels }) => channels.map((channel) => this.#row(channel)),
            waiting: () => phrase("directory.loading"),
            found: (count) => (count === 0 ? phrase("directory.none") : ""),
            failed: () => ({ text: phrase("directory.failed"), isFinal: false }),
        });
        byId("directory-open").onclick = () => this.#show();
        byId("directory-close").onclick = () => this.#dialog.close();
        const field = byId("directory-filter");
        field.oninput = () => {
            clearTimeout(this.#timer);
            this.#timer = setTimeout(() => this.#begin(), PAUSE);
        };
        byId("directory-form").onsubmit = (event) => {
            event.preventDefault();
            this.#begin();
        };
        signal.addEventListener("abort", () => {
            this.#dialog.close();
            this.#results.clear();
        });
    }

    #show() {
        byId("directory-filter").value = "";
        this.#dialog.showModal();
        byId("directory-filter").focus();
        this.#begin();
    }

    #begin() {
        clearTimeout(this.#timer);
        this.#results.begin();
    }

    #row({ channel, clients, info }) {
        const isJoined = this.#chat.conversations.has(channel);
        const topic = topicOf(info);
        const name = element("bdi", "name", channel);
        const about = element("span", "about", phrase("directory.clients", { count: clients }));
        const text = element("span", "found-text", name, about);
        if (topic) {
            const shown = element("span", "topic", topic);
            shown.dir = "auto";
            text.append(shown);
        }
        const verb = element("span", "verb", phrase(isJoined ? "directory.open" : "directory.join"));
        const button = element("button", "found", text, verb);
        button.onclick = () => {
            this.#dialog.close();
            this.#open(this.#chat.join(channel));
        };
        return element("li", "", button);
    }
}

/** Returns the beginning of the names that are looked for. */
const prefix = () => byId("directory-filter").value.trim().replace(/^#/, "").normalize("NFC");
