/* What the page says when something does not go as it should: one place for all codes. */

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
            return isGuest
                ? "This name is no longer yours: it now belongs to an account or to another guest."
                : "Your login has expired or was revoked. Log in again.";
        case 4403:
            return "An operator has ended your session.";
        case "unauthorized":
            if (token) {
                return "You are no longer signed in. Enter the password again.";
            }
            return isGuest ? "This server asks for a password." : "Name and password do not match.";
        case "name_taken":
            return canLogIn(error)
                ? "This name is taken: enter its password, or choose another name."
                : "This name is taken: choose another.";
        case "signed_out":
            return "You have signed out in another tab.";
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
        return "This device is offline.";
    }
    switch (code) {
        case 1001:
        case 1012:
            return "The server is restarting.";
        case 1013:
            return reason && reason !== "try again later" ? sentence(reason) : "The server is full or busy just now.";
        case 4000:
            return "This connection is too slow for all that is said.";
        case 4001:
            return "The server does not answer.";
        case 4400:
            return "You have written faster than this server allows.";
        case 1011:
            return "The server has made a mistake.";
        default:
            return reach === "page"
                ? "The server is there, but refuses the connection: it may be full, or a proxy between does not let it through."
                : "The server can't be reached just now.";
    }
}

/** Returns why a message was not sent. */
export function problemOf({ code, message }, { name }) {
    switch (code) {
        case "too_large":
            return "It is too long to be sent.";
        case "timeout":
            return "The server did not answer.";
        case "no_such_user":
            return `Nobody called ${name} has been here.`;
        case "buffer_full":
            return "Too much waits to be sent already.";
        case "forbidden":
            return "You may not write here.";
        case "rate_limited":
            return "You are writing faster than this server allows.";
        default:
            return `It was not sent: ${message}.`;
    }
}

/** Returns why a publish is delayed. */
export function wordsForDelay({ code }) {
    return code === "rate_limited"
        ? "You are writing faster than this server allows. Your messages follow shortly."
        : "The server can't take messages just now. Yours follow shortly.";
}
