/* The lists of channels and of direct messages. */

import { coloured } from "./colour.js";
import { byId, element, Rows, setText } from "./dom.js";
import { number, phrase } from "./language.js";
import { initials } from "./text.js";

const HALF = 18; // pixels of an entry, which is not seen if more of it is hidden

export class Sidebar {
    #chat;
    #open;
    #channels = new Rows(byId("channels"));
    #lists = document.querySelector(".lists");
    #directs = new Rows(byId("directs"));

    /** @param {import("./chat.js").Chat} chat @param {(key: string) => void} open @param {AbortSignal} signal ends it */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#open = open;
        byId("channels").replaceChildren();
        byId("directs").replaceChildren();
        this.#lists.addEventListener("scroll", () => this.#showBelow(), { signal });
        byId("unread-below").onclick = () => this.#toBelow();
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
        this.#showBelow();
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
        for (const conversation of conversations) {
            const { key, unread, pending, draft } = conversation;
            const button = rows.node(key).firstElementChild;
            const isCurrent = String(key === this.#chat.current?.key);
            if (button.getAttribute("aria-current") !== isCurrent) {
                button.setAttribute("aria-current", isCurrent);
            }
            const isMuted = this.#chat.mutes.has(key);
            button.classList.toggle("unread", unread > 0 && !isMuted);
            button.classList.toggle("muted", isMuted);
            const hasFailed = pending.some(({ state }) => state === "failed");
            const badge = button.querySelector(".badge");
            badge.hidden = unread === 0;
            setText(badge.firstElementChild, unread > 99 ? `${number(99)}+` : number(unread));
            badge.classList.toggle("mentioned", conversation.isMentioned && unread > 0);
            const said = unread > 0 ? ` ${phrase("list.unread", { count: unread })}` : "";
            const mentioned = conversation.isMentioned && said ? `, ${phrase("list.mentioned")}` : "";
            setText(badge.lastElementChild, said + mentioned);
            setText(button.querySelector(".failed"), hasFailed ? phrase("list.failed") : "");
            const isDraft = draft.trim() !== "" && conversation !== this.#chat.current;
            setText(button.querySelector(".draft"), isDraft ? phrase("list.draft") : "");
        }
    }

    /** Returns the unread conversations below what is seen of the lists. */
    get #below() {
        const edge = this.#lists.getBoundingClientRect().bottom;
        const unread = [...this.#lists.querySelectorAll(".entry.unread")];
        return unread.filter((entry) => entry.getBoundingClientRect().top > edge - HALF);
    }

    #showBelow() {
        const count = this.#below.length;
        byId("unread-below").hidden = count === 0;
        setText(byId("unread-below-text"), count === 0 ? "" : phrase("list.below", { count }));
    }

    #toBelow() {
        const [first] = this.#below;
        first?.scrollIntoView({ block: "center" });
        first?.focus();
    }

    #entry({ key, name, isDirect }) {
        const mark = element("span", isDirect ? "avatar" : "mark", isDirect ? initials(name) : "#");
        mark.setAttribute("aria-hidden", "true");
        if (isDirect) {
            coloured(mark, name);
        }
        const badge = element("span", "badge", element("span"), element("span", "unseen"));
        const words = element("bdi", "name", name);
        const button = element(
            "button",
            "entry",
            mark,
            words,
            element("span", "draft"),
            element("span", "failed"),
            badge,
        );
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
