/* Messages as the page shows them: those of a page of the history, and what live edits, deletions and reactions make of them. */

import { imageOf } from "./images.js";
import { phrase } from "./language.js";

const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\p{Control}\u2800]*$/u;
const NAMED = 20; // clients that are named with a reaction

/** Returns whether a text shows nothing. */
export const isBlank = (text) => INVISIBLE.test(text);

/** Returns whether a message shows nothing. */
export const isInvisible = ({ text, image }) => !image && isBlank(text);

/**
 * @typedef {{text: string, count: number, clients: string[]}} Reaction `clients`: some of those who have reacted so
 * @typedef {{text: string, isCode: boolean, isDeleted: boolean, image: import("./images.js").Picture?}} Words
 * @typedef {Words & {id: string, epoch: string, offset?: number, sender: string, guest: boolean, time: number,
 *     editedAt: number, replyTo: number?, reactions: Reaction[], own: boolean}} Shown `editedAt`: the offset of the last
 *     edit, or 0; `replyTo`: the offset of the message that this one answers
 */

/** Returns what is shown of the data of a message. @returns {Words} */
export function wordsOf(data, deleted) {
    if (deleted) {
        return { text: phrase("message.deleted"), isCode: false, isDeleted: true, image: null };
    }
    const image = imageOf(data);
    if (image) {
        return { text: typeof data.text === "string" ? data.text : "", isCode: false, isDeleted: false, image };
    }
    return typeof data === "string"
        ? { text: data, isCode: false, isDeleted: false, image }
        : { text: JSON.stringify(data, null, 2) ?? "", isCode: true, isDeleted: false, image };
}

/** Returns the id of a message. Those of the own inbox have others than those of channels. */
export const idOf = (isDirect, epoch, offset) => `${isDirect ? "in" : "at"}:${epoch}:${offset}`;

/** Returns a message of the client as it is shown. @param {boolean} own whether this person wrote it @returns {Shown} */
export function shownOf(message, own) {
    const { channel, epoch, offset, sender, guest = false, time, data, deleted, ref, edited, reactions = [] } = message;
    return {
        id: idOf(channel.startsWith("@"), epoch, offset ?? crypto.getRandomValues(new Uint32Array(1))),
        epoch,
        offset,
        sender,
        guest,
        time,
        ...wordsOf(data, deleted),
        editedAt: edited?.offset ?? 0,
        replyTo: ref?.kind === "reply" ? ref.offset : null,
        reactions: deleted ? [] : reactions.map(({ text, count, clients }) => ({ text, count, clients: [...clients] })),
        own,
    };
}

/** Changes a message as a live edit, deletion or reaction says. What the message has already changes nothing. */
export function revise(message, { ref, data, sender, offset }) {
    if (message.isDeleted) {
        return;
    }
    if (ref.kind === "delete") {
        Object.assign(message, wordsOf(undefined, true), { reactions: [] });
    } else if (ref.kind === "edit" && offset > message.editedAt) {
        Object.assign(message, wordsOf(data, false), { editedAt: offset });
    } else if (ref.kind === "reaction") {
        message.reactions = withReaction(message.reactions, data, sender, ref.remove !== true);
    }
}

/** Returns reactions with one more or less, in the order in which each was first given. @returns {Reaction[]} */
export function withReaction(reactions, text, sender, isGiven) {
    const known = reactions.find((one) => one.text === text);
    if (!known) {
        return isGiven ? [...reactions, { text, count: 1, clients: [sender] }] : reactions;
    }
    const has = known.clients.includes(sender);
    const mayHave = has || known.count > known.clients.length; // one of those who are not named
    if (isGiven ? has : !mayHave) {
        return reactions;
    }
    const others = known.clients.filter((client) => client !== sender);
    const clients = isGiven && others.length < NAMED ? [...others, sender] : others;
    const changed = { text, count: known.count + (isGiven ? 1 : -1), clients };
    return reactions.map((one) => (one === known ? changed : one)).filter(({ count }) => count > 0);
}

/** Returns whether a position is in the same history as a message, and not before it. */
export const covers = (position, { epoch, offset }) => position?.epoch === epoch && position.offset >= offset;
