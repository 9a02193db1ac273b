/* The lists of channels and of direct messages. */

import { byId, element, Rows, setText } from "./dom.js";
import { number, phrase } from "./language.js";
import { initials } from "./text.js";

export class Sidebar {
    #chat;
    #open;
    #channels = new Rows(byId("channels"));
    #directs = new Rows(byId("directs"));

    /** @param {import("./chat.js").Chat} chat @param {(key: string) => void} open */
    constructor(chat, open) {
        this.#chat = chat;
        this.#open = open;
        byId("channels").replaceChildren();
        byId("directs").replaceChildren();
        prepareForm("join", (name) => open(chat.join(name.replace(/^#/, ""))));
        prepareForm("direct", (name) => open(chat.write(name)));
    }

    render() {
        const all = [...this.#chat.conversations.values()];
        const channels = all.filter(({ isDirect }) => !isDirect).sort(byName);
        const directs = all.filter(({ isDirect }) => isDirect);
        this.#renderList(this.#channels, channels);
        this.#renderList(this.#directs, directs);
        byId("channels-hint").hidden = channels.length > 0;
        byId("directs-hint").hidden = directs.length > 0;
        byId("directs-older").hidden = !this.#chat.inbox.isIncomplete;
    }

    #renderList(rows, conversations) {
        rows.show(
            conversations.map((conversation) => ({
                key: conversation.key,
                look: "",
                build: () => this.#entry(conversation),
            })),
        );
        for (const { key, unread, pending } of conversations) {
            const button = rows.node(key).firstElementChild;
            const isCurrent = String(key === this.#chat.current?.key);
            if (button.getAttribute("aria-current") !== isCurrent) {
                button.setAttribute("aria-current", isCurrent);
            }
            button.classList.toggle("unread", unread > 0);
            const hasFailed = pending.some(({ state }) => state === "failed");
            const badge = button.querySelector(".badge");
            badge.hidden = unread === 0;
            setText(badge.firstElementChild, unread > 99 ? `${number(99)}+` : number(unread));
            badge.classList.toggle("mentioned", conversation.isMentioned && unread > 0);
            const said = unread > 0 ? ` ${phrase("list.unread", { count: unread })}` : "";
            const mentioned = conversation.isMentioned && said ? `, ${phrase("list.mentioned")}` : "";
            setText(badge.lastElementChild, said + mentioned);
            setText(button.querySelector(".failed"), hasFailed ? phrase("list.failed") : "");
        }
    }

    #entry({ key, name, isDirect }) {
        const mark = element("span", isDirect ? "avatar" : "mark", isDirect ? initials(name) : "#");
        mark.setAttribute("aria-hidden", "true");
        const badge = element("span", "badge", element("span"), element("span", "unseen"));
        const words = element("bdi", "name", name);
        const button = element("button", "entry", mark, words, element("span", "failed"), badge);
        button.title = name;
        button.dataset.key = key;
        button.onclick = () => this.#open(key);
        return element("li", "", button);
    }
}

const byName = (one, other) => one.name.localeCompare(other.name);

/** Connects a button with a form of one field, and the form with an action. */
function prepareForm(name, done) {
    const open = byId(`${name}-open`);
    const form = byId(`${name}-form`);
    const field = byId(`${name}-name`);
    const show = (shown) => {
        form.hidden = !shown;
        open.setAttribute("aria-expanded", String(shown));
        (shown ? field : open).focus();
    };
    open.onclick = () => show(form.hidden);
    form.onkeydown = (event) => {
        if (event.key === "Escape") {
            show(false);
        }
    };
    form.onsubmit = (event) => {
        event.preventDefault();
        const value = field.value.trim();
        if (value) {
            field.value = "";
            show(false);
            done(value);
        }
    };
    form.hidden = true;
    open.setAttribute("aria-expanded", "false");
}
