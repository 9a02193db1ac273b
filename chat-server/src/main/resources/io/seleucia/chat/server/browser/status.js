/* The state of the connection, the banner, and what stands where no messages are. */

import { byId, setText } from "./dom.js";
import { topicOf } from "./finder.js";
import { phrase } from "./language.js";
import { initials, listed } from "./text.js";
import { wordsForDelay } from "./words.js";

/** Shows who the person is, and whether there is a connection. */
export function renderMe({ name, outage }) {
    setText(byId("me-name"), name);
    byId("me-name").title = name;
    setText(byId("me-avatar"), initials(name));
    setText(byId("me-state"), outage.isFelt ? phrase("me.reconnecting") : phrase("me.connected"));
}

/** Shows what does not go as it should. @param {import("./chat.js").Chat} chat @param {import("./store.js").Store} store */
export function renderBanner(chat, store) {
    const said = [];
    if (chat.outage.isFelt) {
        said.push(phrase(store.isSaved ? "outage.kept" : "outage.unkept", { why: chat.outage.words }));
    } else if (chat.delay && chat.isSending) {
        said.push(wordsForDelay(chat.delay));
    }
    if (store.isFull) {
        said.push(phrase("store.full"));
    }
    setText(byId("banner"), said.join(" "));
}

/** Shows the head of a conversation. */
export function renderTop(conversation, isMuted) {
    setText(byId("title"), conversation?.name ?? "Seleucia");
    byId("title").title = conversation?.name ?? "";
    const count = (conversation?.members.size ?? 0) + (conversation?.unlisted ?? 0);
    const members = count === 0 ? "" : phrase("top.members", { count });
    const isDirect = conversation?.isDirect ?? false;
    setText(byId("subtitle"), isDirect ? phrase("list.directs") : members);
    const topic = isDirect ? "" : topicOf(conversation?.info);
    setText(byId("topic-text"), topic || phrase("topic.add"));
    byId("topic-open").title = topic;
    byId("topic-open").hidden = !conversation || isDirect || conversation.problem !== null;
    byId("topic-open").classList.toggle("set", topic !== "");
    byId("search-open").hidden = !conversation || conversation.problem !== null;
    const mute = byId("mute");
    mute.hidden = !conversation;
    mute.setAttribute("aria-pressed", String(isMuted));
    mute.querySelector("use").setAttribute("href", isMuted ? "#symbol-muted" : "#symbol-bell");
    const leave = byId("leave");
    leave.hidden = !conversation;
    leave.ariaLabel = leave.title = phrase(isDirect ? "top.close" : "top.leave");
    leave.querySelector("use").setAttribute("href", isDirect ? "#symbol-close" : "#symbol-leave");
    byId("members-open").hidden = !conversation || isDirect;
    byId("app").classList.toggle("direct", !conversation || isDirect);
    renderTyping(conversation);
}

function renderTyping(conversation) {
    const typing = [...(conversation?.typing.keys() ?? [])].map((name) =>
        name.length > 40 ? `${name.slice(0, 40)}…` : name,
    );
    setText(
        byId("typing"),
        typing.length === 0 ? "" : phrase("typing.are", { count: typing.length, names: listed(typing) }),
    );
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
        return [phrase("empty.none.title"), phrase("empty.none.text")];
    }
    if (conversation.problem) {
        return [phrase("empty.refused.title"), phrase("empty.refused.text", { why: conversation.problem })];
    }
    const { name, isDirect } = conversation;
    return [phrase("empty.quiet"), isDirect ? phrase("empty.direct", { name }) : phrase("empty.channel")];
}
