/* The channels of the server, to find and join one. */

import { byId, element, setText } from "./dom.js";
import { topicOf } from "./finder.js";
import { phrase } from "./language.js";

const PAUSE = 250; // milliseconds after the last letter before the server is asked

export class Directory {
    #chat;
    #open;
    #dialog = byId("directory");
    #list = byId("directory-list");
    #next = null;
    #asked = 0; // counts, so that an answer that comes late has no effect
    #timer;

    /** @param {import("./chat.js").Chat} chat @param {(key: string) => void} open @param {AbortSignal} signal ends it */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        byId("directory-open").onclick = () => this.#show();
        byId("directory-close").onclick = () => this.#dialog.close();
        byId("directory-more").onclick = () => this.#load();
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
            this.#asked++;
            this.#dialog.close();
            this.#list.replaceChildren();
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
        this.#list.replaceChildren();
        this.#next = {};
        this.#load();
    }

    async #load() {
        const mine = ++this.#asked;
        const more = byId("directory-more");
        const status = byId("directory-status");
        more.hidden = true;
        setText(status, phrase("directory.loading"));
        const prefix = byId("directory-filter").value.trim().replace(/^#/, "").normalize("NFC");
        const page = await this.#chat.finder.channels(prefix, this.#next).catch((error) => ({ error }));
        if (mine !== this.#asked) {
            return;
        }
        if (page.error) {
            setText(status, phrase("directory.failed"));
            more.hidden = false;
            return;
        }
        this.#next = page.next;
        more.hidden = !page.next;
        const had = this.#list.childElementCount;
        this.#list.append(...page.channels.map((channel) => this.#row(channel)));
        setText(status, had + page.channels.length === 0 ? phrase("directory.none") : "");
        if (had > 0) {
            this.#list.children[had]?.querySelector("button").focus();
        }
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
