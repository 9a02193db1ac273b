/* Formats times and names. */

import { isolated, locale, phrase } from "./language.js";

/** Returns the initials of a name. */
export function initials(name) {
    const words = name.split(/[\s._-]+/u).filter(Boolean);
    const letters = words.length > 1 ? [words[0], words[words.length - 1]].map(firstOf) : [firstOf(name)];
    return letters.join("").toLocaleUpperCase();
}

function firstOf(word) {
    return [...new Intl.Segmenter().segment(word)][0]?.segment ?? "";
}

const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions(); // the person's habit
const TIME = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle });
const DAY = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(locale, {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle,
});
const NEAR_DAY = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const LIST = new Intl.ListFormat(locale, { type: "conjunction" });

export const timeOf = (millis) => TIME.format(millis);
export const fullTimeOf = (millis) => FULL.format(millis);

/** Returns a day in words. */
export function dayOf(millis) {
    const days = Math.round((midnight(Date.now()) - midnight(millis)) / 86_400_000);
    if (days === 0 || days === 1) {
        return capitalized(NEAR_DAY.format(-days, "day"));
    }
    return (days > 0 && days < 180 ? DAY : DAY_OF_YEAR).format(millis);
}

const capitalized = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);

/** Returns the milliseconds until the next day begins where the person is, and a little more. */
export const untilMidnight = (now = Date.now()) => new Date(now).setHours(24, 0, 0, 0) - now + 50;

/** Returns when the day of a time began here. */
export const midnight = (millis) => new Date(millis).setHours(0, 0, 0, 0);

/** Returns "Ada", "Ada and Bob", or "Ada, Bob, and 3 others". */
export function listed(names) {
    const shown = names.length > 3 ? names.slice(0, 2) : names;
    const others = names.length - shown.length;
    const words = shown.map(isolated);
    return LIST.format(others > 0 ? [...words, phrase("names.others", { count: others })] : words);
}
