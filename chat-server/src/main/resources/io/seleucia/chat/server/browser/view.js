/* The page except the messages: lists, status and input. */

import { byId, element, Rows, setText } from "./dom.js";
import { initials, listed } from "./text.js";
import { Timeline } from "./timeline.js";

const CALM = 1_500; // milliseconds without a connection before it is shown
const ANNOUNCED = 5; // messages kept for screen readers
const MOST_LETTERS = 20_000; // longer texts show their length
const NARROW = matchMedia("(max-width: 639px)");
const TOUCH = matchMedia("(pointer: coarse)");

export class View {
    #chat;
    #timeline;
    #channels = new Rows(byId("channels"));
    #directs = new Rows(byId("directs"));
    #members = new Rows(byId("members-list"));
    #scheduled = false;
    #shown = null;
    #abort = new AbortController(); // removes the event listeners

    /** @param {import("./state.js").Chat} chat @param {() => void} signOut */
    constructor(chat, signOut) {
        this.#chat = chat;
        for (const id of ["channels", "directs", "members-list"]) {
            byId(id).replaceChildren();
        }
        this.#timeline = new Timeline(chat);
        byId("sign-out").onclick = signOut;
        byId("leave").onclick = () => this.#leave();
        byId("back").onclick = () => this.#showPane("list");
        byId("members-open").onclick = () => this.#openMembers(!byId("members").classList.contains("open"));
        byId("members-close").onclick = () => this.#openMembers(false);
        this.#prepareForm("join", (name) => this.#chat.join(name.replace(/^#/, "")));
        this.#prepareForm("direct", (name) => this.#chat.write(name));
        this.#prepareComposer();
        const { signal } = this.#abort;
        document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
        document.addEventListener("visibilitychange", () => this.changed(), { signal });
        addEventListener("focus", () => this.changed(), { signal });
        addEventListener("resize", () => this.#resized(), { signal });
        this.#showPane(NARROW.matches ? "list" : "conversation");
    }

    #resized() {
        this.#fit();
        this.changed();
    }

    /** Returns whether the newest message is visible. */
    get isAtEnd() {
        return this.#timeline.isAtEnd;
    }

    /** Returns whether the user looks at the newest message. */
    get isAttentive() {
        const seen = !NARROW.matches || byId("app").dataset.pane === "conversation";
        return seen && document.visibilityState === "visible" && document.hasFocus() && this.isAtEnd;
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

    /** Removes the event listeners before another view takes over. */
    end() {
        this.#abort.abort();
        document.title = "Seleucia";
    }

    /** Has screen readers read a message. */
    announce({ sender, text, own }, conversation) {
        if (conversation === this.#chat.current && !own) {
            const log = byId("announcer");
            log.append(element("p", "", `${sender}: ${text.slice(0, 500)}`));
            while (log.childElementCount > ANNOUNCED) {
                log.firstElementChild.remove();
            }
        }
    }

    #render() {
        const { current, name } = this.#chat;
        const all = [...this.#chat.conversations.values()];
        this.#renderList(this.#channels, "channels-hint", all.filter(({ isDirect }) => !isDirect).sort(byName));
        this.#renderList(
            this.#directs,
            "directs-hint",
            all.filter(({ isDirect }) => isDirect),
        );
        setText(byId("me-name"), name);
        byId("me-name").title = name;
        setText(byId("me-avatar"), initials(name));
        this.#renderTop(current);
        this.#renderMembers(current);
        this.#renderConnection();
        this.#renderEmpty(current);
        this.#renderComposer(current);
        this.#timeline.render();
        const unread = all.reduce((sum, conversation) => sum + conversation.unread, 0);
        document.title = `${unread > 0 ? `(${unread}) ` : ""}${current ? `${current.name} – ` : ""}Seleucia`;
    }

    #renderList(rows, hint, conversations) {
        byId(hint).hidden = conversations.length > 0;
        rows.show(
            conversations.map((conversation) => {
                const isCurrent = conversation === this.#chat.current;
                const { key, unread } = conversation;
                return { key, look: "", build: () => this.#entry(conversation), isCurrent, unread };
            }),
        );
        for (const { key, unread } of conversations) {
            const button = rows.node(key).firstElementChild;
            const isCurrent = key === this.#chat.current?.key;
            if (button.getAttribute("aria-current") !== String(isCurrent)) {
                button.setAttribute("aria-current", String(isCurrent));
            }
            button.classList.toggle("unread", unread > 0);
            const badge = button.querySelector(".badge");
            badge.hidden = unread === 0;
            setText(badge.firstElementChild, unread > 99 ? "99+" : String(unread));
            setText(badge.lastElementChild, unread > 0 ? " not read" : "");
        }
    }

    #entry({ key, name, isDirect }) {
        const mark = element("span", isDirect ? "avatar" : "mark", isDirect ? initials(name) : "#");
        mark.setAttribute("aria-hidden", "true");
        const badge = element("span", "badge", element("span"), element("span", "unseen"));
        const button = element("button", "entry", mark, element("bdi", "name", name), badge);
        button.title = name;
        button.dataset.key = key;
        button.onclick = () => {
            this.#chat.select(key);
            this.#showPane("conversation");
            if (!TOUCH.matches) {
                byId("text").focus();
            }
        };
        return element("li", "", button);
    }

    #renderTop(conversation) {
        setText(byId("title"), conversation?.name ?? "Seleucia");
        byId("title").title = conversation?.name ?? "";
        const count = (conversation?.members.size ?? 0) + (conversation?.unlisted ?? 0);
        const members = count === 0 ? "" : count === 1 ? "1 member" : `${count} members`;
        setText(byId("subtitle"), conversation?.isDirect ? "Direct messages" : members);
        byId("leave").hidden = !conversation;
        const leave = conversation?.isDirect ? "Close this conversation" : "Leave this channel";
        byId("leave").ariaLabel = byId("leave").title = leave;
        byId("leave")
            .querySelector("use")
            .setAttribute("href", conversation?.isDirect ? "#symbol-close" : "#symbol-leave");
        byId("members-open").hidden = !conversation || conversation.isDirect;
        byId("app").classList.toggle("direct", !conversation || conversation.isDirect);
        const typing = [...(conversation?.typing.keys() ?? [])].map((name) =>
            name.length > 40 ? `${name.slice(0, 40)}…` : name,
        );
        setText(
            byId("typing"),
            typing.length === 0 ? "" : `${listed(typing)} ${typing.length > 1 ? "are" : "is"} typing…`,
        );
    }

    #renderMembers(conversation) {
        const names = [...(conversation?.members.keys() ?? [])].sort((one, other) => one.localeCompare(other));
        const rows = names.map((name) => ({
            key: name,
            look: conversation.guests.has(name) ? "guest" : "",
            build: () => this.#person(name, conversation.guests.has(name)),
        }));
        const unlisted = conversation?.unlisted ?? 0;
        if (unlisted > 0) {
            const text = `and ${unlisted} more`;
            rows.push({ key: "", look: text, build: () => element("li", "entry person", text) }); // no client has that key
        }
        this.#members.show(rows);
    }

    #person(name, guest) {
        const isMe = name === this.#chat.name;
        const avatar = element("span", isMe ? "avatar own" : "avatar", initials(name));
        avatar.setAttribute("aria-hidden", "true");
        const parts = [avatar, element("bdi", "name", name)];
        if (guest) {
            parts.push(element("span", "guest", "guest"));
        }
        if (isMe) {
            return element("li", "entry person", ...parts, element("span", "you", "you"));
        }
        const button = element("button", "entry person", ...parts);
        button.title = `Write to ${name}`;
        button.onclick = () => {
            this.#openMembers(false);
            this.#chat.write(name);
            this.#showPane("conversation");
            byId("text").focus();
        };
        return element("li", "", button);
    }

    /** Shows the connection's state, except for short interruptions. */
    #renderConnection() {
        const { state, lostAt } = this.#chat.connection;
        const away = lostAt === 0 ? 0 : Date.now() - lostAt;
        const said = state !== "connected" && away >= CALM;
        if (state !== "connected" && !said) {
            setTimeout(() => this.changed(), CALM - away + 10);
        }
        setText(byId("me-state"), said ? "Reconnecting…" : "Connected");
        const why = navigator.onLine ? "The server can't be reached just now." : "This device is offline.";
        setText(byId("banner"), said ? `${why} What you write is kept, and sent when it is back.` : "");
    }

    #renderEmpty(conversation) {
        const has = conversation && (conversation.messages.length > 0 || conversation.pending.length > 0);
        const waits = conversation && !conversation.loaded && !conversation.problem;
        byId("empty").hidden = Boolean(has || waits);
        if (!conversation) {
            setText(byId("empty-title"), "Nothing is open");
            setText(byId("empty-text"), "Join a channel to talk with others.");
        } else if (conversation.problem) {
            setText(byId("empty-title"), "This channel can't be joined");
            setText(byId("empty-text"), `The server says: ${conversation.problem}.`);
        } else {
            setText(byId("empty-title"), "It is quiet here");
            setText(
                byId("empty-text"),
                conversation.isDirect
                    ? `What you write here only ${conversation.name} can read.`
                    : "Say the first word.",
            );
        }
    }

    #renderComposer(conversation) {
        const text = byId("text");
        byId("composer").hidden = !conversation || conversation.problem !== null;
        if (conversation !== this.#shown) {
            this.#shown = conversation;
            text.value = conversation?.draft ?? "";
            const to = conversation?.isDirect ? `Message to ${conversation.name}` : `Message in ${conversation?.name}`;
            setText(byId("text-label"), to);
            text.placeholder = to.length > 60 ? "Message" : to;
            this.#fit();
        }
    }

    #prepareComposer() {
        const text = byId("text");
        const composer = byId("composer");
        text.oninput = () => {
            this.#chat.setDraft(text.value);
            this.#fit();
        };
        text.onkeydown = (event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !TOUCH.matches) {
                event.preventDefault();
                composer.requestSubmit();
            }
        };
        composer.onsubmit = (event) => {
            event.preventDefault();
            if (text.value.trim()) {
                this.#chat.send(text.value.trim());
                text.value = "";
                text.focus();
                this.#fit();
                this.#timeline.toEnd();
            }
        };
        this.#shown = null;
        text.value = "";
    }

    /** Fits the composer's height to the text, up to a maximum. */
    #fit() {
        const text = byId("text");
        text.style.height = "auto";
        text.style.height = `${text.scrollHeight}px`;
        byId("send").disabled = !text.value.trim();
        const { length } = text.value;
        setText(byId("text-hint"), length > MOST_LETTERS ? `${length.toLocaleString()} characters` : "");
    }

    /** Connects a button with a form of one field, and the form with an action. */
    #prepareForm(name, done) {
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
                this.#showPane("conversation");
                byId("text").focus();
            }
        };
        form.hidden = true;
        open.setAttribute("aria-expanded", "false");
    }

    #leave() {
        this.#chat.leave(this.#chat.current);
        this.#showPane(NARROW.matches ? "list" : "conversation");
        byId(NARROW.matches ? "join-open" : "title").focus();
    }

    #showPane(pane) {
        const changes = byId("app").dataset.pane !== pane;
        byId("app").dataset.pane = pane;
        if (changes && NARROW.matches && pane === "list") {
            document.querySelector(".entry[aria-current='true']")?.focus();
        } else if (changes && NARROW.matches) {
            byId("title").focus();
        }
        this.changed();
    }

    #openMembers(open) {
        const members = byId("members");
        const was = members.classList.contains("open");
        members.classList.toggle("open", open);
        byId("members-open").setAttribute("aria-expanded", String(open));
        if (open) {
            byId("members-close").focus();
        } else if (was) {
            byId("members-open").focus();
        }
    }

    /** Handles keys: Escape closes panels, Alt and arrows select the next conversation. */
    #pressed(event) {
        if (event.key === "Escape" && byId("members").classList.contains("open")) {
            this.#openMembers(false);
        } else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            const entries = [...document.querySelectorAll(".sidebar .entry")];
            const place = entries.findIndex((entry) => entry.getAttribute("aria-current") === "true");
            const next = entries[place + (event.key === "ArrowDown" ? 1 : -1)];
            if (next) {
                event.preventDefault();
                this.#chat.select(next.dataset.key);
            }
        }
    }
}

const byName = (one, other) => one.name.localeCompare(other.name);
