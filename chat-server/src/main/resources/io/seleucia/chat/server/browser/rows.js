/* The rows of a timeline: messages under the names of their senders, and the lines between them. */

import { element, symbol } from "./dom.js";
import { phrase } from "./language.js";
import { isBlank } from "./message.js";
import { fragmentOf } from "./route.js";
import { dayOf, fullTimeOf, initials, timeOf, writeText } from "./text.js";

const TOGETHER = 300_000; // messages of one sender within so many milliseconds stand under one name,
const MOST_TOGETHER = 20; // but not more, so that a name is in sight
const LONG = 1_200; // characters beyond which a message is folded
const MANY_LINES = 16;

/**
 * @typedef {object} Actions what a person can do with a message
 * @property {(id: string) => boolean} isUnfolded
 * @property {(id: string) => void} toggle folds or unfolds it
 * @property {(place: import("./route.js").Place) => void} open goes to it
 * @property {(pending: object) => void} retry
 * @property {(pending: object) => void} discard
 */

/** Returns the rows of a conversation, for Rows. @param {Actions} actions */
export function rowsOf(conversation, name, actions) {
    const rows = [];
    let day = "";
    let head = null; // the message whose name also heads the next ones
    let under = 0;
    const add = (message) => {
        const same = head?.sender === message.sender && Boolean(head.guest) === Boolean(message.guest);
        const together = same && message.time - head.time < TOGETHER;
        under = together && under < MOST_TOGETHER ? under + 1 : 0;
        head = under > 0 ? head : message;
        rows.push(rowOf(message, under === 0, conversation, actions));
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
        if (isBlank(message.text)) {
            continue;
        }
        const of = dayOf(message.time);
        if (of !== day) {
            day = of;
            divide(`day ${message.id}`, day, "day", day);
        }
        if (message.id === conversation.firstUnread) {
            divide("new", "", "new", phrase("messages.new"));
        }
        add(message);
    }
    for (const pending of conversation.pending) {
        const { key, text, time, state, problem } = pending;
        add({ id: key, text, time, sender: name, own: true, state, problem, pending });
    }
    return rows;
}

function rowOf(message, first, conversation, actions) {
    const unfolded = actions.isUnfolded(message.id);
    const isTarget = message.id === conversation.target;
    return {
        key: message.id,
        message,
        look: `${first} ${isTarget} ${message.state} ${message.problem} ${unfolded} ${message.text}`,
        build: () => build(message, first, isTarget, conversation, actions),
    };
}

function build(message, first, isTarget, conversation, actions) {
    const state = message.state ?? "sent";
    const row = element("li", `message${first ? " first" : ""}${isTarget ? " target" : ""}`);
    row.dataset.state = state;
    row.dataset.id = message.id;
    if (first) {
        const avatar = element("span", message.own ? "avatar own" : "avatar", initials(message.sender));
        avatar.setAttribute("aria-hidden", "true");
        row.append(avatar);
    }
    row.append(headOf(message, first, conversation, actions));
    const words = element("div", message.isCode ? "words code" : "words");
    words.dir = "auto";
    writeText(words, message.text);
    const body = element("div", "body", words);
    if (message.own) {
        body.append(markOf(state));
    }
    row.append(body);
    if (message.text.length > LONG || message.text.split("\n").length > MANY_LINES) {
        row.append(foldOf(message, words, actions));
    }
    if (state === "failed") {
        row.append(problemOf(message, actions));
    }
    return row;
}

/** Returns the sender and time, which leads to the message; screen readers get them with every message. */
function headOf({ sender, guest, time, epoch, offset }, first, { key }, actions) {
    const when = element("time", "", timeOf(time));
    when.dateTime = new Date(time).toISOString();
    when.title = fullTimeOf(time);
    const who = element("bdi", "sender", sender);
    who.title = sender;
    const mark = guest ? [element("span", "guest", phrase("person.guest"))] : [];
    const link = offset === undefined || !first ? when : linkTo({ key, message: { epoch, offset } }, when, actions);
    return element("div", first ? "head" : "head unseen", who, ...mark, link);
}

function linkTo(place, content, actions) {
    const link = element("a", "when", content);
    link.href = fragmentOf(place);
    link.onclick = (event) => {
        if (event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.preventDefault();
            actions.open(place);
        }
    };
    return link;
}

function foldOf({ id }, words, actions) {
    const unfolded = actions.isUnfolded(id);
    const button = element("button", "more", phrase(unfolded ? "message.less" : "message.all"));
    words.classList.toggle("clipped", !unfolded);
    button.setAttribute("aria-expanded", String(unfolded));
    button.onclick = () => actions.toggle(id);
    return button;
}

function problemOf({ problem, pending }, actions) {
    const retry = element("button", "retry", phrase("message.retry"));
    const discard = element("button", "discard", phrase("message.discard"));
    retry.onclick = () => actions.retry(pending);
    discard.onclick = () => actions.discard(pending);
    return element("div", "problem", problem, retry, discard);
}

/** Returns the state of an own message. */
function markOf(state) {
    const said = phrase({ sending: "message.sending", sent: "message.sent", failed: "message.failed" }[state]);
    const shown = element("span", "mark", element("span", "unseen", said));
    if (state === "sent") {
        shown.append(symbol("check"));
    }
    shown.title = said;
    return shown;
}
