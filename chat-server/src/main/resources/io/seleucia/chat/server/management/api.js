// Requests to the server's API, with the operator's token. Addresses are relative, so that the console works below any path.

const TIMEOUT = 8_000; // milliseconds
const CHANGE_TIMEOUT = 30_000; // a deletion is answered within 20 seconds, done or not
const TOKEN = `seleucia-token ${location.pathname}`; // the key in the storage: several consoles may share an origin

/** A reply that is an error. */
export class ApiError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

const token = () => sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN);

export const hasToken = () => Boolean(token());

/** Keeps the token for this tab, or for this browser until it is forgotten. */
export function keepToken(text, remembered) {
    forgetToken();
    (remembered ? localStorage : sessionStorage).setItem(TOKEN, text);
}

/** Forgets the token. Returns whether there was one. */
export function forgetToken() {
    const had = hasToken();
    sessionStorage.removeItem(TOKEN);
    localStorage.removeItem(TOKEN);
    return had;
}

/**
 * Sends a query, or a change as an object. Returns the reply, or throws an ApiError or a network error.
 *
 * @param {string} path below api/, with a query
 * @param {object} [change]
 * @param {number} [timeout] in milliseconds
 */
export async function ask(path, change, timeout = change ? CHANGE_TIMEOUT : TIMEOUT) {
    const headers = {};
    if (hasToken()) headers.Authorization = `Bearer ${token()}`;
    if (change) headers["Content-Type"] = "application/json";
    const response = await fetch(`api/${path}`, {
        method: change ? "POST" : "GET",
        headers,
        body: change && JSON.stringify(change),
        cache: "no-store",
        signal: AbortSignal.timeout(timeout),
    });
    let json;
    try {
        json = await response.json();
    } catch {
        throw new ApiError(response.status, `the answer with status ${response.status} is not the server’s`);
    }
    if (!response.ok) throw new ApiError(response.status, json.error ?? `the server answered with ${response.status}`);
    return json;
}
