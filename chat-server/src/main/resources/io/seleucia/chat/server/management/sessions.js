// The sessions of all servers, and what an operator does with a client.

import { ask } from "./api.js";
import { List } from "./list.js";
import { attempt, confirmed, say, show } from "./notice.js";
import { silentText } from "./overview.js";
import { find, make, onButton, onSubmit, put, showOrHide, typed } from "./page.js";
import { bytes, moment } from "./words.js";

const TAKES_LONGER = "The deletion takes longer: the log says when it is done.";
const COLUMNS = ["client", "server", "protocol", "address", "since", "channels", "number"];

function create() {
    const cells = COLUMNS.map((className) => make("td", { className }, make("span")));
    const button = make("button", { type: "button", text: "End …" });
    return make("tr", {}, ...cells, make("td", { className: "actions" }, button));
}

function update(row, session) {
    const { client, server, protocol, address, channels, moreChannels = 0, queuedBytes } = session;
    const hidden = moreChannels + Math.max(0, channels.length - 3);
    const named = channels.slice(0, 3).join(", ") + (hidden ? ` and ${hidden} more` : "") || "–";
    const texts = [client || "no name yet", server, protocol, address, moment(session.since), named];
    const cells = [...row.children];
    for (const [i, text] of [...texts, bytes(queuedBytes).join(" ")].entries()) put(cells[i].firstElementChild, text);
    cells[0].classList.toggle("muted", !client);
    cells[6].classList.toggle("full", queuedBytes > 100_000);
    const button = cells[7].firstElementChild;
    button.dataset.client = client;
    button.disabled = !client;
    button.setAttribute("aria-label", `End the sessions of ${client || "a client without a name"}`);
}

export const sessions = new List("sessions", {
    path: "sessions/all",
    items: (reply) => reply.sessions,
    filters: () => ({ sort: find("sessions-sort").value, contains: typed("sessions-contains") }),
    start: "after",
    next: (reply) => reply.after ?? "",
    keyOf: ({ server, session }) => `${server} ${session}`,
    create,
    update,
    shown: ({ servers, silent, reached }) => {
        find("sessions").classList.toggle("one-server", servers === 1);
        const alone = "The other servers can’t be asked: these are the sessions of this one.";
        showOrHide("sessions-silent", reached ? silentText(silent) : alone);
    },
});
sessions.filteredBy("sessions-sort", "sessions-contains");

let client = "";

/** Asks what to do with a client. */
export function openClient(name) {
    client = name;
    put(find("client-title"), `What about ${name}?`);
    show(find("client"));
}

function act(button, path, change, text) {
    return attempt(find(button), async () => {
        const { done } = await ask(path, change);
        find("client").close();
        say(done ? text : TAKES_LONGER);
        await sessions.show(true);
    });
}

onButton("sessions-rows", (data) => openClient(data.client));
onSubmit("by-name", () => openClient(typed("by-name-client")));
find("client-disconnect").addEventListener("click", () =>
    act("client-disconnect", "disconnect", { client }, `Disconnected ${client}.`),
);
find("client-revoke").addEventListener("click", () =>
    act("client-revoke", "revoke", { user: client }, `Revoked all logins of ${client}.`),
);
find("client-delete").addEventListener("click", async () => {
    const title = `Delete all messages of ${client}?`;
    const text = "All messages under this name, in all channels and inboxes, are deleted permanently.";
    if (!(await confirmed(title, text, "Delete", true))) return;
    await act("client-delete", "delete", { sender: client }, `Deleted all messages of ${client}.`);
});
