/* The list of a conversation's messages, and its scroll position. */

import { byId, element, Rows, setText, symbol } from "./dom.js";
import { dayOf, fullTimeOf, initials, timeOf, writeText } from "./text.js";

const TOGETHER = 300_000; // messages of one sender within so many milliseconds stand under one name,
const MOST_TOGETHER = 20; // but not more, so that a name is in sight
const NEAR = 48; // pixels from the end that are still the end
const AHEAD = 400; // pixels before the edge at which more is loaded
const LONG = 1_200; // characters beyond which a message is folded
const MANY_LINES = 16;

export class Timeline {
    #chat;
    #scroller = byId("timeline");
    #rows = new Rows(byId("messages"));
    #shown = null;
    #wasLoaded = false;
    #unfolded = new Set();
    #keys = [];
    #isAtEnd = true; // stays so when the list changes, until the user scrolls

    /** @param {import("./state.js").Chat} chat */
    constructor(chat) {
        this.#chat = chat;
        this.#rows.show([]);
        byId("messages").replaceChildren();
        this.#scroller.onscroll = () => this.#scrolled();
        new ResizeObserver(() => this.#resized()).observe(this.#scroller);
        byId("latest").onclick = () => this.toEnd();
    }

    /** Returns whether the newest loaded message is visible. */
    get isAtEnd() {
        return this.#isAtEnd;
    }

    #scrollToEnd() {
        this.#scroller.scrollTop = this.#scroller.scrollHeight;
        this.#isAtEnd = true;
    }

    #resized() {
        if (this.#isAtEnd) {
            this.#scrollToEnd();
        }
        this.#showEdges();
    }

    /** Shows the newest message. */
    async toEnd() {
        await this.#chat.latest();
        this.render();
        this.#scrollToEnd();
        this.#showEdges();
    }

    render() {
        const conversation = this.#chat.current;
        const another = conversation !== this.#shown || (conversation?.loaded && !this.#wasLoaded);
        const anchor = another || this.#isAtEnd ? null : this.#anchor();
        const rows = conversation ? this.#rowsOf(conversation) : [];
        this.#keys = rows.map(({ key }) => key);
        this.#rows.show(rows);
        byId("older").hidden = conversation?.loading !== "older";
        this.#place(another, anchor);
        this.#shown = conversation;
        this.#wasLoaded = conversation?.loaded ?? false;
        this.#showEdges();
    }

    /** Scrolls after a change: to the unread messages, to the end, or to the former position. */
    #place(another, anchor) {
        const line = another ? this.#rows.node("new") : null;
        if (line) {
            line.scrollIntoView({ block: "center" });
            this.#measure();
        } else if (another || this.#isAtEnd) {
            this.#scrollToEnd();
        } else if (anchor) {
            const node = this.#rows.node(anchor.key);
            if (node) {
                this.#scroller.scrollTop += node.getBoundingClientRect().top - anchor.top;
            }
        }
    }

    #measure() {
        const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
        this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR && !this.#chat.current?.detached;
    }

    /** Returns the first visible row and its position. */
    #anchor() {
        const edge = this.#scroller.getBoundingClientRect().top;
        for (const key of this.#keys) {
            const box = this.#rows.node(key)?.getBoundingClientRect();
            if (box && box.bottom > edge && !key.startsWith("day")) {
                return { key, top: box.top };
            }
        }
        return null;
    }

    #scrolled() {
        this.#measure();
        this.#showEdges();
    }

    /** Loads more messages near the ends. */
    #showEdges() {
        const conversation = this.#chat.current;
        const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
        if (conversation && clientHeight > 0) {
            if (scrollTop < AHEAD) {
                this.#chat.loadOlder();
            }
            if (scrollHeight - scrollTop - clientHeight < AHEAD) {
                this.#chat.loadNewer();
            }
            if (this.#isAtEnd && document.hasFocus()) {
                this.#chat.read();
            }
        }
        const unread = conversation?.unread ?? 0;
        byId("latest").hidden = !conversation || this.#isAtEnd;
        setText(
            byId("latest-text"),
            unread === 0 ? "Latest messages" : unread === 1 ? "1 new message" : `${unread} new messages`,
        );
    }

    #rowsOf(conversation) {
        const rows = [];
        let day = "";
        let head = null; // the message whose name also heads the next ones
        let under = 0;
        const add = (message) => {
            const same = head?.sender === message.sender && Boolean(head.guest) === Boolean(message.guest);
            const together = same && message.time - head.time < TOGETHER;
            under = together && under < MOST_TOGETHER ? under + 1 : 0;
            head = under > 0 ? head : message;
            rows.push(this.#row(message, under === 0));
        };
        const divide = (key, look, className, text) => {
            rows.push({ key, look, build: () => element("li", className, text) });
            head = null;
        };
        for (const message of conversation.messages) {
            if (message.notice) {
                divide(message.id, "", "notice", message.notice);
                continue;
            }
            const of = dayOf(message.time);
            if (of !== day) {
                day = of;
                divide(`day ${message.id}`, day, "day", day);
            }
            if (message.id === conversation.firstUnread) {
                divide("new", "", "new", "New");
            }
            add(message);
        }
        for (const pending of conversation.pending) {
            const { key, text, time, state, problem } = pending;
            add({ id: key, text, time, sender: this.#chat.name, own: true, state, problem, pending });
        }
        return rows;
    }

    #row(message, first) {
        return {
            key: message.id,
            look: `${first} ${message.state} ${message.problem} ${this.#unfolded.has(message.id)} ${message.text}`,
            build: () => this.#build(message, first),
        };
    }

    #build(message, first) {
        const state = message.state ?? "sent";
        const row = element("li", first ? "message first" : "message");
        row.dataset.state = state;
        row.dataset.id = message.id;
        if (first) {
            const avatar = element("span", message.own ? "avatar own" : "avatar", initials(message.sender));
            avatar.setAttribute("aria-hidden", "true");
            row.append(avatar);
        }
        row.append(this.#head(message, first));
        const words = element("div", message.isCode ? "words code" : "words");
        words.dir = "auto";
        writeText(words, message.text);
        const body = element("div", "body", words);
        if (message.own) {
            body.append(mark(state));
        }
        row.append(body);
        if (message.text.length > LONG || message.text.split("\n").length > MANY_LINES) {
            row.append(this.#fold(message, words));
        }
        if (state === "failed") {
            row.append(this.#problem(message));
        }
        return row;
    }

    /** Returns the sender and time; screen readers get them with every message. */
    #head({ sender, guest, time }, first) {
        const when = element("time", "", timeOf(time));
        when.dateTime = new Date(time).toISOString();
        when.title = fullTimeOf(time);
        const who = element("bdi", "sender", sender);
        who.title = sender;
        const mark = guest ? [element("span", "guest", "guest")] : [];
        return element("div", first ? "head" : "head unseen", who, ...mark, when);
    }

    #fold(message, words) {
        const unfolded = this.#unfolded.has(message.id);
        const button = element("button", "more", unfolded ? "Show less" : "Show all");
        words.classList.toggle("clipped", !unfolded);
        button.setAttribute("aria-expanded", String(unfolded));
        button.onclick = () => {
            if (!this.#unfolded.delete(message.id)) {
                this.#unfolded.add(message.id);
            }
            this.render();
            this.#rows.node(message.id)?.querySelector(".more").focus();
        };
        return button;
    }

    #problem({ problem, pending }) {
        const conversation = this.#chat.current;
        const retry = element("button", "retry", "Try again");
        const discard = element("button", "discard", "Discard");
        retry.onclick = () => this.#chat.retry(conversation, pending);
        discard.onclick = () => this.#chat.discard(conversation, pending);
        return element("div", "problem", problem, retry, discard);
    }
}

/** Returns the state of an own message. */
function mark(state) {
    const said = { sending: "Sending", sent: "Sent", failed: "Not sent" }[state];
    const shown = element("span", "mark", element("span", "unseen", said));
    if (state === "sent") {
        shown.append(symbol("check"));
    }
    shown.title = said;
    return shown;
}
