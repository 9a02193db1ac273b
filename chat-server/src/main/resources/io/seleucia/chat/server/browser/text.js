/* Shows texts of other users as text only, and formats times and names. */

import { partsOf } from "./links.js";

/** Puts a text into an element. Web addresses become links; everything else stays text. */
export function writeText(element, text) {
    element.replaceChildren(...partsOf(text).map((part) => (part.isLink ? linkTo(part.text) : part.text)));
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
