// One channel: its newest messages as they come, older ones, its members, and what an operator does there.

import { ask } from "./api.js";
import { save } from "./export.js";
import { attempt, confirmed, say, show } from "./notice.js";
import { find, keyed, make, onButton, onSubmit, put, showOrHide } from "./page.js";
import { openClient } from "./sessions.js";
import { count, moment, numbered, second } from "./words.js";

const PAGE = 50;
const MAX_ROWS = 1_000; // of messages; beyond them those that are not in view are removed
const ROUND = 1_000; // milliseconds
const ROUNDS_PER_MEMBERS = 3;
const NEAR = 40; // pixels from the end at which the list follows new messages
const MEMBERS = 100;

let channel = "";
let epoch = "";
let last = 0; // the offset up to which all is shown
let older = null; // the offset before which there may be more
let running = false;
let rounds = 0;
let timer = 0;

const list = find("channel-messages");

function shownText({ text, data, ref, deleted }) {
    const mark = ref ? `(${ref.kind} ${ref.offset}) ` : "";
    if (deleted) return `${mark}(deleted by ${deleted.by})`;
    return mark + (text ?? JSON.stringify(data) ?? "");
}

function row(message) {
    const { offset, time, sender, guest, deleted } = message;
    const head = make(
        "span",
        { className: "who" },
        make("time", { datetime: time, title: moment(time), text: second(time) }),
        ` ${sender}${guest ? " (guest)" : ""} `,
    );
    const item = make(
        "li",
        { "data-offset": offset },
        head,
        make("span", { className: "text", text: shownText(message) }),
    );
    if (deleted) item.classList.add("gone");
    if (!deleted && message.ref?.kind !== "delete") {
        const label = `Delete message ${offset} of ${sender}`;
        item.append(make("button", { type: "button", text: "✕", title: "Delete …", "aria-label": label }));
    }
    return item;
}

function markDeleted({ ref, sender }) {
    const target = ref?.kind === "delete" && list.querySelector(`[data-offset="${ref.offset}"]`);
    if (!target) return;
    put(target.querySelector(".text"), `(deleted by ${sender})`);
    target.classList.add("gone");
    target.querySelector("button")?.remove();
}

const isAtEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;

function toEnd() {
    list.scrollTop = list.scrollHeight;
    find("channel-new").hidden = true;
}

function append(messages) {
    const follows = isAtEnd();
    for (const message of messages) {
        list.append(row(message));
        markDeleted(message);
        last = message.offset;
    }
    if (follows) {
        while (list.children.length > MAX_ROWS) {
            list.firstElementChild.remove();
            older = Number(list.firstElementChild.dataset.offset);
        }
        toEnd();
    } else if (messages.length) {
        find("channel-new").hidden = false;
    }
    showState();
}

function showState() {
    find("channel-older").hidden = older === null;
    find("channel-empty").hidden = list.children.length > 0;
}

const query = (parameters) => new URLSearchParams({ channel, ...parameters });

/** Shows the newest messages, and none of those before. */
async function begin() {
    const name = channel;
    const page = await ask(`history?${query({ limit: PAGE })}`);
    if (name !== channel) return;
    epoch = page.epoch;
    last = page.offset;
    older = page.before ?? null;
    list.replaceChildren(...page.messages.map(row));
    page.messages.forEach(markDeleted);
    showState();
    toEnd();
}

async function follow() {
    const name = channel;
    const from = last;
    const page = await ask(`history?${query({ after: from, limit: 200 })}`);
    if (name !== channel || from !== last) return; // another round has shown them
    if (page.epoch !== epoch || page.offset < last) return begin();
    append(page.messages);
    if (page.after === undefined) last = Math.max(last, page.offset);
}

async function showMembers() {
    const { total, members } = await ask(`members?${query({ limit: MEMBERS })}`);
    put(find("channel-members"), `${numbered(total, "client")} on all servers`);
    keyed(
        find("members-rows"),
        members,
        ({ client, guest }) => `${client} ${guest}`,
        ({ client }) =>
            make(
                "li",
                {},
                make("button", { type: "button", className: "link", text: client, "data-client": client }),
                make("span"),
            ),
        ({ children: [, sessions] }, one) =>
            put(sessions, `${one.guest ? "guest, " : ""}${numbered(one.sessions, "session")}`),
    );
    showOrHide("members-more", total > members.length ? `and ${count(total - members.length)} more` : "");
}

async function round(forced = false) {
    if (running || !find("channel").open || (document.hidden && !forced)) return;
    running = true;
    try {
        await (epoch ? follow() : begin());
        if (rounds++ % ROUNDS_PER_MEMBERS === 0) await showMembers();
        showOrHide("channel-wrong", "");
    } catch (error) {
        showOrHide("channel-wrong", `It can’t be read: ${error.message}.`);
    } finally {
        running = false;
    }
}

/** Shows a channel, and follows it until the dialog is closed. */
export function openChannel(name) {
    channel = name;
    epoch = "";
    older = null;
    rounds = 0;
    put(find("channel-title"), name);
    put(find("channel-members"), "");
    list.replaceChildren();
    find("members-rows").replaceChildren();
    for (const id of ["channel-empty", "channel-older", "channel-new", "channel-wrong", "members-more"])
        find(id).hidden = true;
    show(find("channel"));
    clearInterval(timer);
    timer = setInterval(round, ROUND);
    running = false;
    round(true);
}

find("channel").addEventListener("close", () => {
    clearInterval(timer);
    exporting?.abort();
});
list.addEventListener("scroll", () => {
    if (isAtEnd()) find("channel-new").hidden = true;
});
find("channel-new").addEventListener("click", toEnd);
find("channel-older").addEventListener("click", () =>
    attempt(find("channel-older"), async () => {
        const name = channel;
        const page = await ask(`history?${query({ before: older, limit: PAGE })}`);
        if (name !== channel) return;
        const height = list.scrollHeight;
        list.prepend(...page.messages.map(row));
        list.scrollTop += list.scrollHeight - height; // what was in view stays there
        older = page.messages.length ? (page.before ?? null) : null;
        showState();
    }),
);
onButton("members-rows", (data) => openClient(data.client));

onButton("channel-messages", async (_, button) => {
    const item = button.closest("li");
    const { offset } = item.dataset;
    const text = item.querySelector(".text").textContent;
    if (!(await confirmed(`Delete message ${offset}?`, text, "Delete", true))) return;
    await attempt(button, async () => {
        await ask("delete", { channel, offset: Number(offset) });
        await round(true);
        return `Deleted message ${offset}.`;
    });
});
find("channel-delete").addEventListener("click", async () => {
    const text = "They are deleted permanently, on all servers.";
    if (!(await confirmed(`Delete all messages in ${channel}?`, text, "Delete", true))) return;
    await attempt(find("channel-delete"), async () => {
        const { done } = await ask("delete", { channel });
        await begin();
        return done ? `Deleted all messages in ${channel}.` : "It takes longer: the log says when it is done.";
    });
});
onSubmit("publish", async () => {
    const text = find("publish-text").value;
    if (!(await confirmed(`Publish in ${channel}?`, text, "Publish"))) return;
    await attempt(find("publish-submit"), async () => {
        await ask("publish", { channel, text });
        find("publish-text").value = "";
        await round(true);
        return `Published in ${channel}.`;
    });
});

let exporting = null; // ends the export that is running

find("channel-export").addEventListener("click", async () => {
    if (exporting) {
        exporting.abort();
        return;
    }
    exporting = new AbortController();
    const button = find("channel-export");
    put(button, "Stop the export");
    try {
        const progress = (messages) => say(`Reading: ${numbered(messages, "message")} so far …`);
        const { messages, complete } = await save(channel, progress, exporting.signal);
        const cut = " The file is as large as this page can make it: the command export has no such limit.";
        say(`Exported ${numbered(messages, "message")}.${complete ? "" : cut}`);
    } catch (error) {
        say(exporting.signal.aborted ? "The export was stopped." : `It failed: ${error.message}.`, "bad");
    } finally {
        exporting = null;
        put(button, "Export");
    }
});
