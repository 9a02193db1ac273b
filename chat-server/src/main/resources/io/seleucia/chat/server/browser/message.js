/* Messages as the page shows them. */

import { phrase } from "./language.js";

const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\p{Control}\u2800]*$/u;

/** Returns whether a text shows nothing. */
export const isBlank = (text) => INVISIBLE.test(text);

/** Returns the text of a message as it is shown. */
export function wordsOf(data, deleted) {
    if (deleted) {
        return { text: phrase("message.deleted"), isCode: false };
    }
    return typeof data === "string"
        ? { text: data, isCode: false }
        : { text: JSON.stringify(data, null, 2) ?? "", isCode: true };
}

/** Returns the id of a message. Those of the own inbox have others than those of channels. */
export const idOf = (isDirect, epoch, offset) => `${isDirect ? "in" : "at"}:${epoch}:${offset}`;

/**
 * @typedef {{id: string, epoch: string, offset?: number, sender: string, guest: boolean, time: number, text: string,
 *     isCode: boolean, own: boolean}} Shown
 */

/** Returns whether a position is in the same history as a message, and not before it. */
export const covers = (position, { epoch, offset }) => position?.epoch === epoch && position.offset >= offset;
