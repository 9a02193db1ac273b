/* Names in texts, after an @. Names may have spaces, so that a text alone does not tell where one ends. */

const LONGEST = 64; // characters of a name
const MOST = 8; // names proposed
const MOST_SOUGHT = 100; // places in a message that are looked at
const PART_OF_NAME = /[\p{L}\p{N}\p{M}_]/u;
const SEPARATOR = /[\s([{\x22'«“„‘,;:/–—-]/u; // what may stand before an @, so that those of mail addresses do not count

const folded = (text) => text.normalize("NFC").toLowerCase();

/** @typedef {{left: number}} Effort how many places may still be looked at: a hostile message has thousands */

/** Returns the effort that one message is worth. @returns {Effort} */
export const effort = () => ({ left: MOST_SOUGHT });

/**
 * Returns a text in parts: texts, and names that are mentioned, with their @.
 * @param {string} text
 * @param {(name: string) => string?} known returns the name as it is written if there is one, whatever its case
 * @param {Effort} allowed shared by all texts of a message
 * @returns {{text: string, name: string?}[]}
 */
export function mentionsIn(text, known, allowed = effort()) {
    const parts = [];
    let from = 0;
    for (let at = text.indexOf("@"); at >= 0 && allowed.left > 0; at = text.indexOf("@", at + 1)) {
        if (at >= from && (at === 0 || SEPARATOR.test(text[at - 1]))) {
            allowed.left--;
            const found = nameAt(text, at + 1, known);
            if (found) {
                const end = at + 1 + found.length;
                parts.push({ text: text.slice(from, at), name: null }, { text: text.slice(at, end), name: found.name });
                from = end;
            }
        }
    }
    return [...parts, { text: text.slice(from), name: null }].filter((part) => part.text !== "");
}

/** Returns the longest known name at a place. */
function nameAt(text, from, known) {
    const ahead = text.slice(from, from + LONGEST * 2); // a character may have two places
    for (let length = ahead.length; length > 0; length--) {
        if (isBoundary(ahead, length, text[from + length])) {
            const name = known(folded(ahead.slice(0, length)));
            if (name !== null) {
                return { name, length };
            }
        }
    }
    return null;
}

/** Returns whether a name may end before a place. */
const isBoundary = (ahead, length, next) =>
    !/\s/u.test(ahead[length - 1]) && (next === undefined || !PART_OF_NAME.test(next));

/** Returns whether a text mentions a name. @param {string} text @param {string} name */
export function mentions(text, name) {
    const mine = folded(name);
    return mentionsIn(text, (found) => (found === mine ? name : null)).some((part) => part.name !== null);
}

/** Returns what finds names without regard to case. @param {Iterable<string>} names @returns {(name: string) => string?} */
export function finderOf(names) {
    const byFolded = new Map([...names].map((name) => [folded(name), name]));
    return (name) => byFolded.get(name) ?? null;
}

/**
 * Returns the beginning of a name that is being typed before the caret, without its @.
 * @returns {{from: number, typed: string} | null} `from`: the place of the @
 */
export function typedBefore(text, caret) {
    const from = text.lastIndexOf("@", caret - 1);
    const typed = text.slice(from + 1, caret);
    const begins = from === 0 || (from > 0 && SEPARATOR.test(text[from - 1]));
    return begins && typed.length <= LONGEST && !/\n|^\s|\s\s/u.test(typed) ? { from, typed } : null;
}

/**
 * Returns the names to propose: those that begin so, or that have a word that does.
 * @param {string} typed @param {string[]} members proposed first @param {string[]} others
 */
export function proposalsFor(typed, members, others) {
    const begin = folded(typed);
    const rank = (name) => {
        const whole = folded(name);
        return whole.startsWith(begin) ? 0 : whole.split(/[\s._-]/u).some((word) => word.startsWith(begin)) ? 1 : 2;
    };
    const isOther = new Set(others.filter((name) => !members.includes(name)));
    return [...new Set([...members, ...others])]
        .map((name) => ({ name, rank: rank(name), other: isOther.has(name) }))
        .filter((one) => one.rank < 2)
        .sort((one, two) => one.other - two.other || one.rank - two.rank || one.name.localeCompare(two.name))
        .slice(0, MOST)
        .map(({ name }) => name);
}
