// The newest lines of the log, by level and text. The server filters, and the page asks for new lines only.

import { ask } from "./api.js";
import { find, make, typed } from "./page.js";

const MAX_LINES = 700; // those that the server keeps

let newest = 0;
let filter = "";

/** Asks for the lines since the last ones, or for all if the filter has changed. */
export async function showLog() {
    const wanted = new URLSearchParams({ level: find("log-level").value, contains: typed("log-contains") }).toString();
    const asked = filter;
    const isNew = wanted !== asked;
    const { lines, newest: last } = await ask(`log?after=${isNew ? 0 : newest}&${wanted}`);
    if (!isNew && filter !== asked) return; // another filter has been shown meanwhile
    const log = find("log");
    if (isNew) log.replaceChildren();
    const known = isNew ? 0 : newest;
    for (const { number, level, text } of lines) {
        if (number > known) log.append(make("li", { text, className: level.toLowerCase() }));
    }
    filter = wanted;
    newest = Math.max(isNew ? 0 : newest, last, lines.at(-1)?.number ?? 0);
    while (log.children.length > MAX_LINES) log.firstElementChild.remove();
    find("log-empty").hidden = log.children.length > 0;
    if (lines.length && find("log-follow").checked) log.scrollTop = log.scrollHeight;
}

/** Asks for all lines again: those of a server that has begun again have other numbers. */
export function forgetLog() {
    filter = "";
}

for (const id of ["log-level", "log-contains"]) {
    find(id).addEventListener("input", () => showLog().catch(() => {})); // the next round says why
}
