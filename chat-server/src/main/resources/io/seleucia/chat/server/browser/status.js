/* The state of the connection, the banner, and what stands where no messages are. */

import { byId, setText } from "./dom.js";
import { initials, listed } from "./text.js";
import { wordsForDelay } from "./words.js";

/** Shows who the person is, and whether there is a connection. */
export function renderMe({ name, outage }) {
    setText(byId("me-name"), name);
    byId("me-name").title = name;
    setText(byId("me-avatar"), initials(name));
    setText(byId("me-state"), outage.isFelt ? "Reconnecting…" : "Connected");
}

/** Shows what does not go as it should. @param {import("./chat.js").Chat} chat @param {import("./store.js").Store} store */
export function renderBanner(chat, store) {
    const said = [];
    if (chat.outage.isFelt) {
        const promise = store.isSaved
            ? "What you write is kept, and sent when it is back."
            : "What you write is sent when it is back; keep this page open until then.";
        said.push(`${chat.outage.words} ${promise}`);
    } else if (chat.delay && chat.isSending) {
        said.push(wordsForDelay(chat.delay));
    }
    if (store.isFull) {
        said.push("This browser has no room left: what you write is lost when you close this page.");
    }
    setText(byId("banner"), said.join(" "));
}

/** Shows the head of a conversation. */
export function renderTop(conversation) {
    setText(byId("title"), conversation?.name ?? "Seleucia");
    byId("title").title = conversation?.name ?? "";
    const count = (conversation?.members.size ?? 0) + (conversation?.unlisted ?? 0);
    const members = count === 0 ? "" : count === 1 ? "1 member" : `${count} members`;
    const isDirect = conversation?.isDirect ?? false;
    setText(byId("subtitle"), isDirect ? "Direct messages" : members);
    const leave = byId("leave");
    leave.hidden = !conversation;
    leave.ariaLabel = leave.title = isDirect ? "Close this conversation" : "Leave this channel";
    leave.querySelector("use").setAttribute("href", isDirect ? "#symbol-close" : "#symbol-leave");
    byId("members-open").hidden = !conversation || isDirect;
    byId("app").classList.toggle("direct", !conversation || isDirect);
    renderTyping(conversation);
}

function renderTyping(conversation) {
    const typing = [...(conversation?.typing.keys() ?? [])].map((name) =>
        name.length > 40 ? `${name.slice(0, 40)}…` : name,
    );
    const are = typing.length > 1 ? "are" : "is";
    setText(byId("typing"), typing.length === 0 ? "" : `${listed(typing)} ${are} typing…`);
}

/** Shows why there are no messages. */
export function renderEmpty(conversation) {
    const has = conversation && (conversation.messages.length > 0 || conversation.pending.length > 0);
    const waits = conversation && !conversation.loaded && !conversation.problem;
    byId("empty").hidden = Boolean(has || waits);
    const [title, text] = emptyWords(conversation);
    setText(byId("empty-title"), title);
    setText(byId("empty-text"), text);
}

function emptyWords(conversation) {
    if (!conversation) {
        return ["Nothing is open", "Join a channel to talk with others."];
    }
    if (conversation.problem) {
        return ["This channel can't be joined", `The server says: ${conversation.problem}.`];
    }
    const directly = `Messages here go to ${conversation.name} and not to a channel.`;
    return ["It is quiet here", conversation.isDirect ? directly : "Say the first word."];
}
