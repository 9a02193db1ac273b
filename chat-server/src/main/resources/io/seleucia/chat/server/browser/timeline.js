/* The list of a conversation's messages: its scroll position, what is loaded, and what has been seen. */

import { MessageBar } from "./bar.js";
import { Deeds } from "./deeds.js";
import { byId, Rows, setText } from "./dom.js";
import { enlarge } from "./enlarged.js";
import { phrase } from "./language.js";
import { finderOf } from "./mentions.js";
import { rowsOf } from "./rows.js";

const NEAR = 48; // pixels from the end that are still the end
const AHEAD = 400; // pixels before the edge at which more is loaded

export class Timeline {
    #chat;
    #scroller = byId("timeline");
    #rows;
    #actions;
    #deeds;
    #shown = null;
    #wasLoaded = false;
    #unfolded = new Set();
    #list = [];
    #tabStop = null;
    #names = null; // that can be mentioned
    #isAtEnd = true; // stays so when the list changes, until the user scrolls

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {(place: import("./route.js").Place) => void} open goes to a message
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#deeds = new Deeds(
            chat,
            () => this.render(),
            (id) => this.#rows.node(id)?.focus({ preventScroll: true }),
        );
        const deeds = { ...this.#deeds, messageOf: (row) => this.#changeable(row.dataset.id) };
        const bar = new MessageBar(byId("messages"), deeds, signal);
        this.#rows = new Rows(byId("messages"), (before, after) => bar.replacing(before, after));
        this.#actions = {
            open,
            quoted: (message) => chat.quotes.of(chat.current, message),
            hasReacted: (message, emoji) => chat.changes.hasReacted(message, emoji),
            react: this.#deeds.react,
            enlarge,
            editorOf: (id) => (this.#deeds.editor?.id === id ? this.#deeds.editor.node : null),
            names: () => this.#namesNow(),
            isUnfolded: (id) => this.#unfolded.has(id),
            toggle: (id) => this.#toggle(id),
            retry: (pending) => chat.retry(chat.current, pending),
            discard: (pending) => chat.discard(chat.current, pending),
        };
        byId("messages").replaceChildren();
        this.#scroller.onscroll = () => this.#scrolled();
        const observer = new ResizeObserver(() => this.#resized());
        observer.observe(this.#scroller);
        signal.addEventListener("abort", () => observer.disconnect());
        byId("latest").onclick = () => this.#toLatest();
    }

    /** Edits the last own message. Returns whether there is one. */
    editLast() {
        return this.#deeds.editLast();
    }

    /** Returns the message of a row, if it is one that the server has. */
    #changeable(id) {
        const message = this.#list.find(({ key }) => key === id)?.message;
        return message?.offset === undefined || message.isDeleted || message.id === this.#deeds.editor?.id
            ? undefined
            : message;
    }

    /** Returns the names that can be mentioned, collected once for all rows that are drawn together. */
    #namesNow() {
        if (!this.#names) {
            const { members, isDirect, name } = this.#chat.current;
            const me = this.#chat.name;
            this.#names = { me, known: finderOf([...(isDirect ? [name] : members.keys()), me]) };
        }
        return this.#names;
    }

    /** Returns whether the newest loaded message is visible. */
    get isAtEnd() {
        return this.#isAtEnd;
    }

    /** Returns whether the person can see the messages, and is at this page. */
    get isLookedAt() {
        return this.#scroller.clientHeight > 0 && document.visibilityState === "visible" && document.hasFocus();
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

    /** Shows where unread messages begin if that is not loaded, else the newest message. */
    async #toLatest() {
        const before = this.#shown?.messages;
        await this.#chat.latest();
        const { firstUnread, detached, messages } = this.#chat.current ?? {};
        if (detached && messages !== before && firstUnread) {
            this.#shown = null; // placed anew, at the line
            this.render();
        } else {
            this.#atEnd();
        }
    }

    /** Shows the newest message. */
    async toEnd() {
        if (this.#chat.current?.detached) {
            await this.#chat.latest();
        }
        this.#atEnd();
    }

    #atEnd() {
        this.render();
        this.#scrollToEnd();
        this.#showEdges();
    }

    render() {
        const conversation = this.#chat.current;
        const another = conversation !== this.#shown || (conversation?.loaded && !this.#wasLoaded);
        const anchor = another || this.#isAtEnd ? null : this.#anchor();
        this.#list = conversation ? rowsOf(conversation, this.#chat.name, this.#actions) : [];
        this.#names = null;
        this.#rows.show(this.#list);
        this.#setTabStop();
        byId("older").hidden = conversation?.loading !== "older";
        this.#shown = conversation;
        this.#wasLoaded = conversation?.loaded ?? false;
        this.#place(another, anchor);
        this.#showTarget(conversation);
        this.#showEdges();
    }

    /** Makes one message reachable by the Tab key: the one with the focus, or the last. From it, arrows lead on. */
    #setTabStop() {
        const focused = document.activeElement?.closest("#messages > .message");
        const last = this.#list.findLast(({ message }) => message);
        const stop = focused ?? (last && this.#rows.node(last.key));
        if (stop !== this.#tabStop) {
            this.#tabStop?.setAttribute("tabindex", "-1");
            stop?.setAttribute("tabindex", "0");
            this.#tabStop = stop;
        }
    }

    /** Scrolls after a change: to the unread messages, to the end, or to the former position. */
    #place(another, anchor) {
        const line = another ? this.#rows.node("new") : null;
        if (line) {
            line.scrollIntoView({ block: "center" });
            this.#measure();
        } else if (another || this.#isAtEnd) {
            this.#scrollToEnd();
            this.#measure();
        } else if (anchor) {
            const node = this.#rows.node(anchor.key);
            if (node) {
                this.#scroller.scrollTop += node.getBoundingClientRect().top - anchor.top;
            }
        }
    }

    /** Shows the message that a link leads to, once. */
    #showTarget(conversation) {
        byId("missing").hidden = conversation?.target !== "missing";
        const node = conversation?.target ? this.#rows.node(conversation.target) : null;
        if (node && this.#scroller.clientHeight > 0 && conversation.shownTarget !== conversation.target) {
            conversation.shownTarget = conversation.target;
            node.scrollIntoView({ block: "center" });
            this.#measure();
        }
    }

    #measure() {
        const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
        this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR && !this.#chat.current?.detached;
    }

    /** Returns the first visible row and its position. */
    #anchor() {
        const edge = this.#scroller.getBoundingClientRect().top;
        for (const { key } of this.#list) {
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

    /** Loads more messages near the ends, and notes what has been seen. */
    #showEdges() {
        const conversation = this.#chat.current;
        const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
        if (conversation && conversation === this.#shown && clientHeight > 0) {
            if (scrollTop < AHEAD) {
                this.#chat.loadOlder();
            }
            if (scrollHeight - scrollTop - clientHeight < AHEAD) {
                this.#chat.loadNewer();
            }
            if (this.isLookedAt) {
                this.#chat.read(this.#isAtEnd ? conversation.newest : this.#lastVisible());
            }
        }
        const unread = conversation?.unread ?? 0;
        byId("latest").hidden = !conversation || this.#isAtEnd;
        setText(
            byId("latest-text"),
            unread === 0 ? phrase("messages.latest") : phrase("messages.unread", { count: unread }),
        );
    }

    /** Returns the last message that is in sight as a whole; one that is higher than the page is when its end is. */
    #lastVisible() {
        const edge = this.#scroller.getBoundingClientRect().bottom;
        return this.#list.findLast(({ key, message }) => {
            return message?.offset !== undefined && this.#rows.node(key)?.getBoundingClientRect().bottom <= edge;
        })?.message;
    }

    #toggle(id) {
        if (!this.#unfolded.delete(id)) {
            this.#unfolded.add(id);
        }
        this.render();
        this.#rows.node(id)?.querySelector(".more").focus();
    }
}
