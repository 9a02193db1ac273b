/* Shows texts of other users as text only, and formats times and names. */

const URLS = /https?:\/\/[^\s<>"'`{}|\\^]+/gi;
const TRAILING = /[.,;:!?…]+$/;

/** Puts a text into an element. Web addresses become links; everything else stays text. */
export function writeText(element, text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(URLS)) {
        const address = trimmed(match[0]);
        if (isSafe(address)) {
            parts.push(text.slice(end, match.index), linkTo(address));
            end = match.index + address.length;
        }
    }
    element.replaceChildren(...parts, text.slice(end));
}

/** Returns an address without the punctuation of its sentence, or a bracket opened before it. */
function trimmed(address) {
    let text = address.replace(TRAILING, "");
    while (text.endsWith(")") && text.split(")").length > text.split("(").length) {
        text = text.slice(0, -1).replace(TRAILING, "");
    }
    return text;
}

/** Returns whether an address shows its host honestly: no user name, no look-alike letters. */
function isSafe(address) {
    if (!URL.canParse(address)) {
        return false;
    }
    const { protocol, username, password, hostname } = new URL(address);
    return /^https?:$/.test(protocol) && !username && !password && address.toLowerCase().includes(`://${hostname}`);
}

function linkTo(address) {
    const link = document.createElement("a");
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    link.textContent = address;
    return link;
}

/** Returns the initials of a name. */
export function initials(name) {
    const words = name.split(/[\s._-]+/u).filter(Boolean);
    const letters = words.length > 1 ? [words[0], words[words.length - 1]].map(firstOf) : [firstOf(name)];
    return letters.join("").toLocaleUpperCase();
}

function firstOf(word) {
    return [...new Intl.Segmenter().segment(word)][0]?.segment ?? "";
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });

export const timeOf = (millis) => TIME.format(millis);
export const fullTimeOf = (millis) => FULL.format(millis);

/** Returns a day in words. */
export function dayOf(millis) {
    const days = Math.round((midnight(Date.now()) - midnight(millis)) / 86_400_000);
    if (days === 0) {
        return "Today";
    }
    return days === 1 ? "Yesterday" : (days > 0 && days < 180 ? DAY : DAY_OF_YEAR).format(millis);
}

const midnight = (millis) => new Date(millis).setHours(0, 0, 0, 0);

/** "Ada", "Ada and Bob", "Ada, Bob and 3 others". */
export function listed(names) {
    if (names.length <= 1) {
        return names.join("");
    }
    if (names.length === 2) {
        return names.join(" and ");
    }
    return names.length === 3
        ? `${names[0]}, ${names[1]} and ${names[2]}`
        : `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}
