/* The page of a chat: its parts, when they are drawn, and what leads from one to another. */

import { announce, forgetAnnouncements } from "./announcer.js";
import { Composer } from "./composer.js";
import { Directory } from "./directory.js";
import { byId } from "./dom.js";
import { Members } from "./members.js";
import { Navigation } from "./navigation.js";
import { say } from "./notice.js";
import { Notifier } from "./notifier.js";
import { Search } from "./search.js";
import { Sidebar } from "./sidebar.js";
import { renderBanner, renderEmpty, renderMe, renderTop } from "./status.js";
import { Switcher } from "./switcher.js";
import { untilMidnight } from "./text.js";
import { Timeline } from "./timeline.js";
import { prepareTopic } from "./topic.js";

const DRAWN = ["channels", "directs", "members-list", "messages", "banner", "typing", "attached", "menu"]; // emptied for the next person

export class View {
    #chat;
    #store;
    #navigation;
    #sidebar;
    #members;
    #composer;
    #timeline;
    #notifier;
    #midnight;
    #scheduled = false;
    #abort = new AbortController(); // removes the event listeners

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {import("./store.js").Store} store
     * @param {() => void} signOut
     */
    constructor(chat, store, signOut) {
        this.#chat = chat;
        this.#store = store;
        const { signal } = this.#abort;
        const open = (key) => this.#open({ key });
        this.#navigation = new Navigation(chat, store.session, (isList) => this.#moved(isList));
        this.#sidebar = new Sidebar(chat, open, signal);
        this.#members = new Members(chat, (name) => open(chat.write(name)), signal);
        const composed = { sent: () => this.#timeline.toEnd(), editLast: () => this.#timeline.editLast() };
        this.#composer = new Composer(chat, composed, signal);
        this.#timeline = new Timeline(chat, (place) => this.#open(place), signal);
        this.#notifier = new Notifier(chat, { open, isLookedAt: () => this.#timeline.isLookedAt }, signal);
        new Directory(chat, open, signal);
        new Switcher(chat, open, signal);
        new Search(chat, (place) => this.#open(place), signal);
        prepareTopic(chat, signal);
        byId("mute").onclick = () => chat.mutes.toggle(chat.current.key);
        this.#awaitMidnight();
        byId("sign-out").onclick = signOut;
        byId("leave").onclick = () => this.#leave();
        byId("back").onclick = () => this.#navigation.toList();
        byId("skip").onclick = (event) => this.#skip(event);
        document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
        document.addEventListener("visibilitychange", () => this.changed(), { signal });
        addEventListener("focus", () => this.changed(), { signal });
        addEventListener("resize", () => this.#resized(), { signal });
        addEventListener("beforeunload", (event) => this.#unloading(event), { signal });
        visualViewport?.addEventListener("resize", () => this.#resized(), { signal });
    }

    /** Shows the conversation that the address names, or the last one. */
    begin() {
        this.#resized();
        this.#navigation.begin();
        this.#render();
        this.#composer.focus();
    }

    /** Returns whether the newest message is visible. */
    get isAtEnd() {
        return this.#timeline.isAtEnd;
    }

    /** Returns whether the user looks at the newest message. */
    get isAttentive() {
        return this.#timeline.isLookedAt && this.isAtEnd;
    }

    /** Redraws the page after changes, once for all changes before the next frame. */
    changed() {
        if (!this.#scheduled) {
            this.#scheduled = true;
            const draw = () => {
                this.#scheduled = false;
                if (!this.#abort.signal.aborted) {
                    this.#render();
                }
            };
            if (document.hidden) {
                setTimeout(draw, 200); // hidden pages get no frames, but their titles are visible
            } else {
                requestAnimationFrame(draw);
            }
        }
    }

    /** Removes the event listeners before another view takes over, and what the person has seen. */
    end() {
        this.#abort.abort();
        clearTimeout(this.#midnight);
        navigator.clearAppBadge?.().catch(() => {});
        this.#navigation.end();
        forgetAnnouncements();
        say("");
        for (const id of ["erase", "enlarged"]) {
            byId(id).close();
        }
        for (const id of ["menu", "picker"]) {
            byId(id).hidePopover();
        }
        for (const id of DRAWN) {
            byId(id).replaceChildren();
        }
        byId("text").value = "";
        document.title = "Seleucia";
    }

    /** Has screen readers read a message, and the person told who looks elsewhere. */
    announce(message, conversation) {
        announce(message, conversation, this.#chat.current);
        this.#notifier.heard(message, conversation);
    }

    /** Days are named by how far away they are, and so have other names after midnight. */
    #awaitMidnight() {
        this.#midnight = setTimeout(() => {
            this.changed();
            this.#awaitMidnight();
        }, untilMidnight());
    }

    /** Takes back a text that is too long for the server. Returns whether it could. */
    takeBack(conversation, text) {
        return this.#composer.takeBack(conversation, text);
    }

    #render() {
        const chat = this.#chat;
        const { current } = chat;
        if (!current && !this.#isList && chat.lastKey !== null) {
            this.#navigation.left(); // in another tab
            return;
        }
        this.#sidebar.render();
        renderMe(chat);
        renderTop(current, current !== null && chat.mutes.has(current.key));
        renderBanner(chat, this.#store);
        renderEmpty(current);
        this.#members.render(current);
        this.#composer.render(current);
        this.#timeline.render();
        const unread = [...chat.conversations.values()]
            .filter(({ key }) => !chat.mutes.has(key))
            .reduce((sum, conversation) => sum + conversation.unread, 0);
        document.title = `${unread > 0 ? `(${unread}) ` : ""}${current ? `${current.name} – ` : ""}Seleucia`;
        navigator.setAppBadge?.(unread).catch(() => {}); // of the installed page
    }

    /** Fits the page to what is seen of it: a keyboard may lie over the rest. */
    #resized() {
        const { height, scale } = visualViewport ?? { height: innerHeight, scale: 1 };
        if (Math.abs(scale - 1) < 0.01) {
            document.documentElement.style.setProperty("--seen", `${height}px`);
            scrollTo(0, 0);
        }
        this.#composer.fit();
        this.changed();
    }

    #unloading(event) {
        if (!this.#store.isSaved && (this.#chat.unsent > 0 || this.#chat.current?.draft)) {
            event.preventDefault(); // the browser asks whether to leave the page
        }
    }

    #open(place) {
        this.#navigation.open(place);
        this.#composer.focus();
    }

    #leave() {
        this.#chat.leave(this.#chat.current);
        this.#navigation.left();
        byId(this.#navigation.isNarrow ? "join-open" : "title").focus();
    }

    get #isList() {
        return byId("app").dataset.pane === "list";
    }

    #moved(isList) {
        const { isNarrow } = this.#navigation;
        const changes = this.#isList !== isList;
        byId("sidebar").role = isList && isNarrow ? "main" : "navigation"; // there is no other main part then
        byId("app").dataset.pane = isList && isNarrow ? "list" : "conversation";
        this.#composer.render(this.#chat.current);
        this.#composer.fit();
        if (changes && isNarrow && isList) {
            (document.querySelector(".entry[aria-current='true']") ?? byId("join-open")).focus();
        } else if (changes && isNarrow) {
            byId("title").focus();
        }
        this.changed();
    }

    #skip(event) {
        event.preventDefault(); // the fragment is the address of a conversation
        if (this.#isList && this.#navigation.isNarrow) {
            document.querySelector(".entry")?.focus();
        } else {
            byId("text").focus();
        }
    }

    /** Alt and arrows select the next conversation. */
    #pressed(event) {
        if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            const entries = [...document.querySelectorAll(".sidebar .entry")];
            const place = entries.findIndex((entry) => entry.getAttribute("aria-current") === "true");
            const next = entries[place + (event.key === "ArrowDown" ? 1 : -1)];
            if (next) {
                event.preventDefault();
                this.#open({ key: next.dataset.key });
            }
        }
    }
}
