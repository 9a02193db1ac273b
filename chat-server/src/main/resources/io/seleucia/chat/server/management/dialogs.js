// The operator's commands: ban, disconnect, revoke, delete and publish, each after a confirmation.

import { ask } from "./api.js";
import { bans, sessions } from "./lists.js";
import { count, find, make, put, showOrHide } from "./page.js";

const TAKES_LONGER = "It takes longer: the log says when it is done.";

for (const button of document.querySelectorAll("dialog [data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
}

/** Asks before something is done. Returns whether the operator agrees. */
function confirmed(title, text, yes, grave = false) {
    const dialog = find("confirm");
    put(find("confirm-title"), title);
    put(find("confirm-text"), text);
    put(find("confirm-yes"), yes);
    find("confirm-yes").className = grave ? "danger" : "primary";
    return new Promise((resolve) => {
        const answered = new AbortController();
        const { signal } = answered;
        const answer = (value) => () => {
            answered.abort();
            dialog.close();
            resolve(value); // does not wait for the close event: the dialog may be open again by then
        };
        find("confirm-yes").addEventListener("click", answer(true), { signal });
        dialog.querySelector("[data-close]").addEventListener("click", answer(false), { signal });
        dialog.addEventListener("cancel", answer(false), { signal });
        dialog.showModal();
    });
}

/** Does something, and shows in an element why it failed, or nothing. Returns whether it succeeded. */
async function attempt(id, action) {
    try {
        showOrHide(id, (await action()) ?? "");
        return true;
    } catch (error) {
        showOrHide(id, `It failed: ${error.message}.`);
        return false;
    }
}

function onSubmit(id, action) {
    find(id).addEventListener("submit", (event) => {
        event.preventDefault();
        action();
    });
}

/** Calls a function with the data attributes of a button in a list when it is clicked. */
function onButton(id, action) {
    find(id).addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) action(button.dataset);
    });
}

function changeBans(path, change) {
    return attempt("ban-wrong", async () => {
        await ask(path, change);
        await bans.show();
    });
}

onButton("bans-rows", ({ kind, subject }) => changeBans("/api/unban", { [kind]: subject }));
onSubmit("ban", async () => {
    const kind = find("ban-kind").value;
    const subject = find("ban-subject").value.trim();
    const title = `Ban the ${kind} ${subject} for ${find("ban-seconds").selectedOptions[0].text}?`;
    const text = "Its sessions end now, on all servers, and it is refused until the ban ends or is lifted.";
    if (!(await confirmed(title, text, "Ban", true))) return;
    const seconds = Number(find("ban-seconds").value);
    const reason = find("ban-reason").value.trim();
    if (await changeBans("/api/ban", { [kind]: subject, seconds, reason })) {
        find("ban-subject").value = "";
        find("ban-reason").value = "";
    }
});

let client = "";

function openClient(name) {
    client = name;
    put(find("client-title"), `What about ${name}?`);
    showOrHide("client-wrong", "");
    find("client").showModal();
}

function endClient(path, change) {
    return attempt("client-wrong", async () => {
        const { done } = await ask(path, change);
        if (!done) return TAKES_LONGER;
        find("client").close();
        await sessions.show();
    });
}

onButton("sessions-rows", (data) => openClient(data.client));
onSubmit("by-name", () => openClient(find("by-name-client").value.trim()));
find("client-disconnect").addEventListener("click", () => endClient("/api/disconnect", { client }));
find("client-revoke").addEventListener("click", () => endClient("/api/revoke", { user: client }));
find("client-delete").addEventListener("click", async () => {
    const title = `Delete all messages of ${client}?`;
    const text = "All messages under this name, in all channels and inboxes, are deleted permanently.";
    if (await confirmed(title, text, "Delete", true)) await endClient("/api/delete", { sender: client });
});

let channel = "";

async function openChannel(name) {
    channel = name;
    put(find("channel-title"), name);
    put(find("channel-members"), "");
    find("channel-messages").replaceChildren();
    find("channel-empty").hidden = true;
    showOrHide("publish-wrong", "");
    find("channel").showModal();
    await showChannel();
}

const numbered = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function shown({ text, data, ref, deleted }) {
    const mark = ref ? `(${ref.kind} ${ref.offset}) ` : "";
    if (deleted) return `${mark}(deleted by ${deleted.by})`;
    return mark + (text ?? JSON.stringify(data) ?? "");
}

function messageRow(message) {
    const head = `${new Date(message.time).toLocaleTimeString()} ${message.sender}  `;
    return make("li", {}, make("span", { className: "who", text: head }), shown(message));
}

async function showChannel() {
    const query = new URLSearchParams({ channel, limit: 50 });
    try {
        const [history, members] = await Promise.all([ask(`/api/history?${query}`), ask(`/api/members?${query}`)]);
        const clients = numbered(members.total, "client");
        put(find("channel-members"), `${clients} on all servers, ${numbered(history.offset, "message")} so far`);
        find("channel-messages").replaceChildren(...history.messages.map(messageRow));
        find("channel-messages").scrollTop = find("channel-messages").scrollHeight;
        find("channel-empty").hidden = history.messages.length > 0;
    } catch (error) {
        put(find("channel-members"), `It can’t be read: ${error.message}.`);
    }
}

onButton("channels-rows", (data) => openChannel(data.channel));
find("channel-delete").addEventListener("click", async () => {
    const text = "They are deleted permanently, on all servers.";
    if (!(await confirmed(`Delete all messages in ${channel}?`, text, "Delete", true))) return;
    await attempt("publish-wrong", async () => {
        const { done } = await ask("/api/delete", { channel });
        await showChannel();
        return done ? "" : TAKES_LONGER;
    });
});
onSubmit("publish", async () => {
    const text = find("publish-text").value;
    if (!(await confirmed(`Publish in ${channel}?`, text, "Publish"))) return;
    await attempt("publish-wrong", async () => {
        await ask("/api/publish", { channel, text });
        find("publish-text").value = "";
        await showChannel();
    });
});
