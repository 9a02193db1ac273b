// Requests to the server's /api, with the token of this tab.

const TIMEOUT = 8_000; // milliseconds
const CHANGE_TIMEOUT = 30_000; // a deletion is answered within 20 seconds, done or not
const TOKEN = "seleucia-token"; // the key in the session storage

/** A reply that is an error. */
export class ApiError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

/** Forgets the token. Returns whether there was one. */
export function forgetToken() {
    const had = Boolean(sessionStorage.getItem(TOKEN));
    sessionStorage.removeItem(TOKEN);
    return had;
}

/** Sends a query, or a change as an object. Returns the reply, or throws an ApiError or a network error. */
export async function ask(path, change) {
    const headers = {};
    const token = sessionStorage.getItem(TOKEN);
    if (token) headers.Authorization = `Bearer ${token}`;
    if (change) headers["Content-Type"] = "application/json";
    const response = await fetch(path, {
        method: change ? "POST" : "GET",
        headers,
        body: change && JSON.stringify(change),
        cache: "no-store",
        signal: AbortSignal.timeout(change ? CHANGE_TIMEOUT : TIMEOUT),
    });
    const json = await response.json();
    if (!response.ok) throw new ApiError(response.status, json.error ?? `the server answered with ${response.status}`);
    return json;
}
