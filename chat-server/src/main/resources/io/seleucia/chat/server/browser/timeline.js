/* The list of a conversation's messages: its scroll position, what is loaded, and what has been seen. */

import { byId, Rows, setText } from "./dom.js";
import { phrase } from "./language.js";
import { rowsOf } from "./rows.js";

const NEAR = 48; // pixels from the end that are still the end
const AHEAD = 400; // pixels before the edge at which more is loaded

export class Timeline {
    #chat;
    #scroller = byId("timeline");
    #rows = new Rows(byId("messages"));
    #actions;
    #shown = null;
    #wasLoaded = false;
    #unfolded = new Set();
    #list = [];
    #isAtEnd = true; // stays so when the list changes, until the user scrolls

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {(place: import("./route.js").Place) => void} open goes to a message
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, open, signal) {
        this.#chat = chat;
        this.#actions = {
            open,
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
        this.#rows.show(this.#list);
        byId("older").hidden = conversation?.loading !== "older";
        this.#shown = conversation;
        this.#wasLoaded = conversation?.loaded ?? false;
        this.#place(another, anchor);
        this.#showTarget(conversation);
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
