/* The rows of a timeline: messages under the names of their senders, and the lines between them. */

import { bubbleOf } from "./bubble.js";
import { element } from "./dom.js";
import { phrase } from "./language.js";
import { isInvisible } from "./message.js";
import { seenBy } from "./seen.js";
import { dayOf, listed, midnight } from "./text.js";

const TOGETHER = 300_000; // messages of one sender within so many milliseconds stand under one name,
const MOST_TOGETHER = 20; // but not more, so that a name is in sight

/**
 * @typedef {object} Actions what a person can do with a message
 * @property {(id: string) => boolean} isUnfolded
 * @property {(id: string) => void} toggle folds or unfolds it
 * @property {(place: import("./route.js").Place) => void} open goes to it
 * @property {(pending: object) => void} retry
 * @property {(pending: object) => void} discard
 * @property {(message: object) => object?} quoted returns the message that it answers
 * @property {(message: object, emoji: string) => boolean} hasReacted
 * @property {(message: object, emoji: string) => void} react gives a reaction, or takes it back
 * @property {(message: object) => void} enlarge shows its picture
 * @property {(id: string) => HTMLElement?} editorOf returns what edits it now
 * @property {() => import("./markup.js").Names} names
 */

/** Returns the rows of a conversation, for Rows. @param {Actions} actions */
export function rowsOf(conversation, name, actions) {
    const rows = [];
    const seen = seenBy(conversation);
    const today = midnight(Date.now());
    let day = null;
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
        rows.push({ key, look, build: () => element("li", className, text()) });
    };
    for (const message of conversation.messages) {
        if (message.notice) {
            divide(message.id, "", "notice", () => message.notice);
            head = null;
            continue;
        }
        if (isInvisible(message)) {
            continue;
        }
        const of = midnight(message.time);
        if (of !== day) {
            day = of;
            divide(`day ${message.id}`, `${of} ${today}`, "day", () => dayOf(of));
            head = null;
        }
        if (message.id === conversation.firstUnread) {
            divide("new", "", "new", () => phrase("messages.new"));
            head = null;
        }
        add(message);
        if (message === seen?.message) {
            const names = listed(seen.names);
            divide("seen", names, "seen", () => phrase("messages.seen", { names }));
        }
    }
    for (const pending of conversation.pending) {
        add(pendingOf(pending, name));
    }
    return rows;
}

/** Returns a message that is not delivered as one that is. */
function pendingOf(pending, name) {
    const { key, text, time, state, problem, image = null, answered } = pending;
    const own = { id: key, text, image, time, sender: name, own: true, state, problem, pending };
    return { ...own, epoch: answered?.epoch, replyTo: answered?.offset };
}

function rowOf(message, first, conversation, actions) {
    const isTarget = message.id === conversation.target;
    return {
        key: message.id,
        message,
        look: [first, isTarget, lookOf(message, actions)].join(),
        build: () => bubbleOf(message, { first, isTarget }, conversation, actions),
    };
}

/** Returns what changes of a message: the text of one offset changes only by edits and its deletion. */
function lookOf(message, actions) {
    const { id, state, problem, editedAt, isDeleted, replyTo, reactions } = message;
    const quoted = replyTo ? actions.quoted(message) : null;
    const quote = quoted ? `${quoted.editedAt} ${quoted.isDeleted}` : String(quoted);
    const reacted = reactions?.map(({ text, count, clients }) => `${text}${count}${clients}`).join() ?? "";
    const edits = actions.editorOf(id) !== null;
    return `${state} ${problem} ${editedAt} ${isDeleted} ${actions.isUnfolded(id)} ${edits} ${quote} ${reacted}`;
}
