/* What the switcher offers, and in which order. */

const MOST = 12;

/**
 * @typedef {{kind: "channel" | "person" | "listed" | "new", key: string, name: string, unread: number}} Candidate `listed`: a
 *     channel of the server that is not joined; `new`: one that is joined by its name
 */

/** Returns all conversations and known people. @returns {Candidate[]} */
export function knownTo(chat) {
    const known = new Map();
    const add = (kind, key, name, unread = 0) => known.has(key) || known.set(key, { kind, key, name, unread });
    for (const { key, name, isDirect, unread } of chat.conversations.values()) {
        add(isDirect ? "person" : "channel", key, name, unread);
    }
    for (const { members, messages } of chat.conversations.values()) {
        for (const name of [...members.keys(), ...messages.map(({ sender }) => sender)]) {
            if (name && name !== chat.name) {
                add("person", `@${name}`, name);
            }
        }
    }
    return [...known.values()];
}

/** Returns the candidates for a text, the best first. @param {Candidate[]} candidates @returns {Candidate[]} */
export function ranked(candidates, text) {
    const wanted = plain(text.replace(/^[#@]/, ""));
    const kinds = text.startsWith("@") ? ["person"] : text.startsWith("#") ? ["channel", "listed", "new"] : null;
    return candidates
        .filter(({ kind }) => !kinds || kinds.includes(kind))
        .map((candidate) => ({ candidate, rank: rankOf(plain(candidate.name), wanted) }))
        .filter(({ rank }) => rank < Infinity)
        .sort(
            (one, other) =>
                one.rank - other.rank ||
                Number(other.candidate.unread > 0) - Number(one.candidate.unread > 0) ||
                one.candidate.name.length - other.candidate.name.length ||
                one.candidate.name.localeCompare(other.candidate.name),
        )
        .slice(0, MOST)
        .map(({ candidate }) => candidate);
}

/** Returns 0 for the beginning of a name, 1 for that of a word in it, 2 for anything else in it. */
function rankOf(name, wanted) {
    const at = name.indexOf(wanted);
    if (at <= 0) {
        return at === 0 ? 0 : Infinity;
    }
    return name.split(/[\s._-]+/u).some((word) => word.startsWith(wanted)) ? 1 : 2;
}

/** Returns a text without what typing it quickly leaves out: case and accents. */
const plain = (text) => text.trim().normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
