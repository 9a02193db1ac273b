// The operator's console. Asks for the status every second while the page is visible, and for the lists of the open view.

import { ApiError, ask, forgetToken, hasToken, keepToken } from "./api.js";
import { bans } from "./bans.js";
import { channels } from "./channels.js";
import { showSamples } from "./charts.js";
import { forgetLog, showLog } from "./log.js";
import { say } from "./notice.js";
import { showHealth, showServers, showStatus } from "./overview.js";
import { find, onSubmit, put, showOrHide } from "./page.js";
import { sessions } from "./sessions.js";
import { users } from "./users.js";
import { span } from "./words.js";

const ROUND = 1_000; // milliseconds
const PATIENCE = 2_500; // for a status; a server that takes longer is out of reach
const VIEWS = {
    overview: [showSamples, showServers],
    sessions: [() => sessions.show()],
    channels: [() => channels.show()],
    bans: [() => bans.show()],
    users: [() => users.show()],
    log: [showLog],
};
const ROUNDS = { overview: 5, log: 1 }; // between two updates of a view
const DEFAULT_ROUNDS = 2;

let reachedAt = 0; // when a status last came, by the page's clock
let started = 0;
let running = false;
let showing = false;
let rounds = 0;

function view() {
    const name = location.hash.slice(1);
    return name in VIEWS ? name : "overview";
}

function askForToken(text) {
    find("board").hidden = true;
    find("views").hidden = true;
    find("forget").hidden = true;
    if (find("login").hidden) {
        find("login").hidden = false;
        find("token").focus();
    }
    showOrHide("trouble", text);
    showHealth("token needed");
}

function showFailure(error) {
    if (error instanceof ApiError && error.status === 401) {
        askForToken(forgetToken() ? "This is not the token of this server." : "");
        return;
    }
    showHealth("out of reach", "bad");
    const old = reachedAt ? ` What you see is ${span((performance.now() - reachedAt) / 1000)} old.` : "";
    const refused = error instanceof ApiError && `The server refuses: ${error.message}.${old}`;
    showOrHide("trouble", refused || `The server can’t be reached. This page tries again every second.${old}`);
    find("board").classList.add("old");
}

async function showView() {
    if (showing) return; // a list is slow
    showing = true;
    try {
        await Promise.all(VIEWS[view()].map((show) => show()));
        showOrHide("incomplete", "");
    } catch (error) {
        if (error instanceof ApiError && error.status === 401) showFailure(error);
        const text = error.name === "TimeoutError" ? "no answer in time" : error.message;
        // If the server can't be reached, the next status says so.
        showOrHide("incomplete", error instanceof TypeError ? "" : `This view can’t be updated: ${text}.`);
    } finally {
        showing = false;
    }
}

async function round() {
    if (running || document.hidden || !find("login").hidden) return;
    running = true;
    try {
        const status = await ask("status", undefined, PATIENCE);
        if (!find("login").hidden) return; // the token was forgotten meanwhile
        const start = Date.now() / 1000 - status.uptimeSeconds;
        if (started && Math.abs(start - started) > 5) forgetLog(); // another process
        started = start;
        reachedAt = performance.now();
        showStatus(status);
        find("board").hidden = find("views").hidden = false;
        find("board").classList.remove("old");
        find("forget").hidden = !hasToken();
        find("to-users").hidden = !status.users;
        if (rounds++ % (ROUNDS[view()] ?? DEFAULT_ROUNDS) === 0) showView();
    } catch (error) {
        showFailure(error);
    } finally {
        running = false;
    }
}

function open() {
    const name = view();
    for (const link of find("views").querySelectorAll("a")) {
        if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== name;
    const title = find("views").querySelector("[aria-current]")?.textContent.trim() ?? "";
    say(""); // it was about another view
    document.title = `${title} – Seleucia console`;
    showing = false;
    if (!find("board").hidden) showView();
}

onSubmit("login", () => {
    keepToken(find("token").value.trim(), find("remember").checked);
    find("token").value = "";
    find("login").hidden = true;
    rounds = 0;
    round();
});
find("forget").addEventListener("click", () => {
    forgetToken();
    askForToken("");
    say("The token is forgotten.");
});
document.addEventListener("visibilitychange", round);
addEventListener("hashchange", open);
addEventListener("offline", () => showFailure(new TypeError("this device is offline")));
addEventListener("online", round);
put(find("zone"), Intl.DateTimeFormat().resolvedOptions().timeZone);
open();
setInterval(round, ROUND);
round();
