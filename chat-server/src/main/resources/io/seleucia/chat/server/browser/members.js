/* The members of a channel: beside it, or in a drawer that closes by Escape or a click outside. */

import { coloured } from "./colour.js";
import { byId, element, Rows } from "./dom.js";
import { phrase } from "./language.js";
import { initials } from "./text.js";

export class Members {
    #chat;
    #write;
    #panel = byId("members");
    #opener = byId("members-open");
    #rows = new Rows(byId("members-list"));

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {(name: string) => void} write begins a conversation with a member
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, write, signal) {
        this.#chat = chat;
        this.#write = write;
        byId("members-list").replaceChildren();
        this.#opener.onclick = () => this.#open(!this.#isOpen);
        byId("members-close").onclick = () => this.#open(false);
        const pressed = ({ key }) => key === "Escape" && this.#isOpen && this.#open(false);
        document.addEventListener("keydown", pressed, { signal });
        document.addEventListener("pointerdown", (event) => this.#pointed(event), { signal });
        signal.addEventListener("abort", () => this.close());
    }

    get #isOpen() {
        return this.#panel.classList.contains("open");
    }

    #pointed({ target }) {
        if (this.#isOpen && !this.#panel.contains(target) && !this.#opener.contains(target)) {
            this.close();
        }
    }

    #open(open) {
        this.#panel.classList.toggle("open", open);
        this.#opener.setAttribute("aria-expanded", String(open));
        (open ? byId("members-close") : this.#opener).focus();
    }

    /** Closes the drawer, and leaves the focus where it is. */
    close() {
        this.#panel.classList.remove("open");
        this.#opener.setAttribute("aria-expanded", "false");
    }

    /** @param {object?} conversation */
    render(conversation) {
        const names = [...(conversation?.members.keys() ?? [])].sort((one, other) => one.localeCompare(other));
        const rows = names.map((name) => ({
            key: name,
            look: conversation.guests.has(name) ? "guest" : "",
            build: () => this.#person(name, conversation.guests.has(name)),
        }));
        const unlisted = conversation?.unlisted ?? 0;
        if (unlisted > 0) {
            const text = phrase("members.more", { count: unlisted });
            rows.push({ key: "", look: text, build: () => element("li", "entry person", text) }); // no client has that key
        }
        this.#rows.show(rows);
    }

    #person(name, guest) {
        const isMe = name === this.#chat.name;
        const avatar = element("span", isMe ? "avatar own" : "avatar", initials(name));
        avatar.setAttribute("aria-hidden", "true");
        if (!isMe) {
            coloured(avatar, name);
        }
        const parts = [avatar, element("bdi", "name", name)];
        if (guest) {
            parts.push(element("span", "guest", phrase("person.guest")));
        }
        if (isMe) {
            return element("li", "entry person", ...parts, element("span", "you", phrase("members.you")));
        }
        const button = element("button", "entry person", ...parts);
        button.title = phrase("members.write", { name });
        button.onclick = () => {
            this.close();
            this.#write(name);
        };
        return element("li", "", button);
    }
}
