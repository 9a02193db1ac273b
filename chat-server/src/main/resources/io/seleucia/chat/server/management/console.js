// The operator's console. Asks /api every second while the page is visible.

import { ApiError, ask, forgetToken, keepToken } from "./api.js";
import "./dialogs.js";
import { bans, channels, sessions } from "./lists.js";
import { find, make, showOrHide } from "./page.js";
import { showHealth, showStatus } from "./status.js";

const MAX_LINES = 300; // of the log
const ROUND = 1_000; // milliseconds
const ROUNDS_PER_LISTS = 2; // lists cost more than the status and the log

let newestLine = 0;

async function showLog() {
    const { lines } = await ask(`/api/log?after=${newestLine}`);
    const log = find("log");
    for (const { number, text } of lines) {
        newestLine = Math.max(newestLine, number);
        const level = /^\S+ (WARNING|ERROR)/.exec(text)?.[1].toLowerCase();
        log.append(make("li", { text, className: level ?? "" }));
    }
    while (log.children.length > MAX_LINES) log.firstElementChild.remove();
    find("log-empty").hidden = log.children.length > 0;
    if (lines.length && find("log-follow").checked) log.scrollTop = log.scrollHeight;
}

function showFailure(error) {
    if (error instanceof ApiError && error.status === 401) {
        find("board").hidden = true;
        find("login").hidden = false;
        showOrHide("trouble", forgetToken() ? "This is not the token of this server." : "");
        showHealth("token needed");
        find("token").focus();
        return;
    }
    showHealth("out of reach", "bad");
    const refused = error instanceof ApiError && `The server refuses: ${error.message}.`;
    showOrHide("trouble", refused || "The server can’t be reached. This page tries again every second.");
}

let rounds = 0;
let running = false;

async function round() {
    if (running || document.hidden || !find("login").hidden) return;
    running = true;
    try {
        showStatus(await ask("/api/status"));
        find("board").hidden = false;
        await showLog();
        if (rounds++ % ROUNDS_PER_LISTS === 0) await Promise.all([sessions.show(), channels.show(), bans.show()]);
    } catch (error) {
        showFailure(error);
    } finally {
        running = false;
    }
}

find("login").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(find("token").value.trim());
    find("token").value = "";
    find("login").hidden = true;
    rounds = 0;
    round();
});
const filters = { "sessions-client": sessions, "sessions-sort": sessions, "channels-contains": channels };
for (const [id, list] of Object.entries(filters)) {
    find(id).addEventListener("input", () => {
        list.toFirstPage();
        list.show().catch(showFailure);
    });
}
for (const list of [sessions, channels, bans]) list.onTurn(() => list.show().catch(showFailure));
document.addEventListener("visibilitychange", round);
setInterval(round, ROUND);
round();
