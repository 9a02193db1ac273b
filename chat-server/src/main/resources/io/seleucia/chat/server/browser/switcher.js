/* Goes to a conversation by some letters of its name: Ctrl+K or Cmd+K, and the keyboard alone from there. */

import { knownTo, ranked } from "./candidates.js";
import { byId, element, setText } from "./dom.js";
import { number, phrase } from "./language.js";

const PAUSE = 200; // milliseconds after the last letter before the server's channels are asked for

export class Switcher {
    #chat;
    #open;
    #dialog = byId("switcher");
    #field = byId("switcher-field");
    #list = byId("switcher-list");
    #shown = [];
    #active = 0;
    #listed = []; // channels of the server for what is typed
    #asked = 0;
    #timer;

    /** @param {import("./chat.js").Chat} chat @param {(key: string) => void} open @param {AbortSignal} signal ends it */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        byId("switcher-open").onclick = () => this.show();
        this.#field.oninput = () => this.#typed();
        this.#field.onkeydown = (event) => this.#pressed(event);
        byId("switcher-form").onsubmit = (event) => {
            event.preventDefault();
            this.#choose(this.#shown[this.#active]);
        };
        this.#dialog.onclick = ({ target }) => target === this.#dialog && this.#dialog.close();
        document.addEventListener("keydown", (event) => this.#called(event), { signal });
        signal.addEventListener("abort", () => this.#end());
    }

    #end() {
        this.#asked++;
        clearTimeout(this.#timer);
        this.#dialog.close();
        this.#list.replaceChildren();
    }

    #called(event) {
        const isCalled = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.code === "KeyK";
        if (isCalled && !document.querySelector("dialog[open]:not(#switcher)")) {
            event.preventDefault();
            this.#dialog.open ? this.#dialog.close() : this.show();
        }
    }

    show() {
        this.#field.value = "";
        this.#listed = [];
        this.#dialog.showModal();
        this.#field.focus();
        this.#typed();
    }

    #typed() {
        this.#active = 0;
        this.#render();
        clearTimeout(this.#timer);
        const text = this.#wanted;
        if (text && !this.#field.value.startsWith("@")) {
            this.#timer = setTimeout(() => this.#ask(text), PAUSE);
        }
    }

    get #wanted() {
        return this.#field.value.trim().replace(/^[#@]/, "").normalize("NFC");
    }

    async #ask(text) {
        const mine = ++this.#asked;
        const page = await this.#chat.finder.channels(text).catch(() => null); // what is known is shown anyway
        if (page && mine === this.#asked && this.#dialog.open) {
            const has = (channel) => this.#chat.conversations.has(channel);
            this.#listed = page.channels
                .filter(({ channel }) => !has(channel))
                .map(({ channel }) => ({ kind: "listed", key: channel, name: channel, unread: 0 }));
            this.#render();
        }
    }

    #render() {
        const text = this.#wanted;
        const known = ranked([...knownTo(this.#chat), ...this.#listed], this.#field.value);
        const isKnown = known.some(({ kind, name }) => kind !== "person" && name === text);
        const isPerson = this.#field.value.startsWith("@");
        const added = text && !isKnown && !isPerson ? [{ kind: "new", key: text, name: text, unread: 0 }] : [];
        this.#shown = [...known, ...added];
        this.#active = Math.max(0, Math.min(this.#active, this.#shown.length - 1));
        this.#list.replaceChildren(...this.#shown.map((candidate, place) => this.#option(candidate, place)));
        this.#mark();
        setText(byId("switcher-none"), this.#shown.length === 0 ? phrase("switcher.none") : "");
    }

    #option(candidate, place) {
        const { kind, name, unread } = candidate;
        const mark = element("span", "mark", kind === "person" ? "@" : "#");
        mark.setAttribute("aria-hidden", "true");
        const option = element("li", "entry", mark, element("bdi", "name", name));
        const about = { listed: "switcher.listed", new: "switcher.new" }[kind];
        if (about) {
            option.append(element("span", "about", phrase(about)));
        }
        if (unread > 0) {
            const said = element("span", "unseen", phrase("list.unread", { count: unread }));
            option.append(element("span", "badge", element("span", "", number(unread)), said));
        }
        option.id = `switcher-${place}`;
        option.role = "option";
        option.onclick = () => this.#choose(candidate);
        option.onpointermove = () => {
            if (this.#active !== place) {
                this.#active = place;
                this.#mark();
            }
        };
        return option;
    }

    #mark() {
        for (const [place, option] of [...this.#list.children].entries()) {
            option.setAttribute("aria-selected", String(place === this.#active));
        }
        const active = this.#list.children[this.#active];
        this.#field.setAttribute("aria-expanded", String(this.#shown.length > 0));
        this.#field.setAttribute("aria-activedescendant", active?.id ?? "");
        active?.scrollIntoView({ block: "nearest" });
    }

    #pressed(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step && this.#shown.length > 0 && !event.isComposing) {
            event.preventDefault();
            this.#active = (this.#active + step + this.#shown.length) % this.#shown.length;
            this.#mark();
        }
    }

    #choose(candidate) {
        if (candidate) {
            this.#dialog.close();
            const { kind, name } = candidate;
            this.#open(kind === "person" ? this.#chat.write(name) : this.#chat.join(name));
        }
    }
}
