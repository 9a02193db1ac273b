/* What the page says when something does not go as it should: one place for all codes. */

import { phrase } from "./language.js";

/** Returns a text as a sentence. */
export function sentence(text) {
    return text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** Returns whether a name can be used with its password. Otherwise it is reserved, and has no login. */
export const canLogIn = ({ code, message }) => code === "name_taken" && message.includes("log in");

/**
 * Returns why the chat has ended, or was not begun.
 * @param {import("./person.js").Person} person
 * @param {{code: string, message: string, closeCode?: number}} error
 */
export function wordsForEnd({ kind, token }, error) {
    const isGuest = kind === "guest";
    switch (error.closeCode ?? error.code) {
        case 4401:
            return isGuest ? phrase("end.guest.revoked") : phrase("end.account.revoked");
        case 4403:
            return phrase("end.operator");
        case "unauthorized":
            if (token) {
                return phrase("end.token");
            }
            return isGuest ? phrase("end.guest.refused") : phrase("end.account.refused");
        case "name_taken":
            return canLogIn(error) ? phrase("end.taken.account") : phrase("end.taken");
        case "signed_out":
            return phrase("end.elsewhere");
        default:
            return sentence(error.message);
    }
}

/**
 * Returns why there is no connection.
 * @param {{isOnline: boolean, code?: number, reason?: string, reach?: "page" | "none"}} what is known: the end of the last
 *     connection, and whether the server still gives out its page
 */
export function wordsForOutage({ isOnline, code, reason, reach }) {
    if (!isOnline) {
        return phrase("outage.offline");
    }
    switch (code) {
        case 1001:
        case 1012:
            return phrase("outage.restarting");
        case 1013:
            return reason && reason !== "try again later" ? sentence(reason) : phrase("outage.busy");
        case 4000:
            return phrase("outage.slow");
        case 4001:
            return phrase("outage.silent");
        case 4400:
            return phrase("outage.rate");
        case 1011:
            return phrase("outage.error");
        default:
            return reach === "page" ? phrase("outage.refused") : phrase("outage.unreachable");
    }
}

/** Returns why a message was not sent. */
export function problemOf({ code, message }, { name }) {
    switch (code) {
        case "too_large":
            return phrase("problem.long");
        case "timeout":
            return phrase("problem.timeout");
        case "no_such_user":
            return phrase("problem.nobody", { name });
        case "buffer_full":
            return phrase("problem.full");
        case "forbidden":
            return phrase("problem.forbidden");
        case "too_old":
            return phrase("problem.old");
        case "rate_limited":
            return phrase("problem.rate");
        default:
            return phrase("problem.other", { why: message });
    }
}

/** Returns why a message was not changed. */
export function problemOfChange({ code, message }) {
    switch (code) {
        case "forbidden":
            return phrase("change.forbidden");
        case "too_old":
            return phrase("change.old");
        case "too_large":
            return phrase("problem.long");
        case "timeout":
            return phrase("problem.timeout");
        case "buffer_full":
            return phrase("problem.full");
        default:
            return phrase("change.other", { why: message });
    }
}

/** Returns why a publish is delayed. */
export function wordsForDelay({ code }) {
    return code === "rate_limited" ? phrase("delay.rate") : phrase("delay.server");
}
