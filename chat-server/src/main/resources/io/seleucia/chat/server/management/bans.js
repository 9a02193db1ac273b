// The bans.

import { ask } from "./api.js";
import { List, nextOffset } from "./list.js";
import { attempt, confirmed } from "./notice.js";
import { find, make, onButton, onSubmit, put, typed } from "./page.js";
import { moment } from "./words.js";

const KINDS = { account: "account", guest: "guest", address: "address" };

/** Returns a ban's kind, as the API and people call it, and its subject. */
function banned(ban) {
    const kind = Object.keys(KINDS).find((name) => name in ban);
    return { kind, subject: ban[kind] };
}

function create(ban) {
    const { kind, subject } = banned(ban);
    const attributes = { "data-kind": kind, "data-subject": subject, "aria-label": `Lift the ban of ${subject}` };
    const button = make("button", { type: "button", text: "Lift", ...attributes });
    const cells = ["client", "protocol", "since", "channels"].map((className) => make("td", { className }));
    return make("tr", {}, ...cells, make("td", { className: "actions" }, button));
}

function update({ children }, ban) {
    const { kind, subject } = banned(ban);
    for (const [i, text] of [subject, kind, moment(ban.until), ban.reason || "–"].entries()) put(children[i], text);
}

export const bans = new List("bans", {
    path: "bans",
    items: (reply) => reply.bans,
    filters: () => ({ contains: typed("bans-contains") }),
    start: "offset",
    next: nextOffset,
    keyOf: (ban) => Object.values(banned(ban)).join(" "),
    create,
    update,
});
bans.filteredBy("bans-contains");

onButton("bans-rows", ({ kind, subject }, button) =>
    attempt(button, async () => {
        await ask("unban", { [kind]: subject });
        await bans.show(true);
        return `Lifted the ban of the ${kind} ${subject}.`;
    }),
);
onSubmit("ban", async () => {
    const kind = find("ban-kind").value;
    const subject = typed("ban-subject");
    const length = find("ban-seconds").selectedOptions[0].text;
    const text = "Its sessions end now, on all servers, and it is refused until the ban ends or is lifted.";
    if (!(await confirmed(`Ban the ${kind} ${subject} for ${length}?`, text, "Ban", true))) return;
    const change = { [kind]: subject, seconds: Number(find("ban-seconds").value) };
    if (typed("ban-reason")) change.reason = typed("ban-reason");
    await attempt(find("ban-submit"), async () => {
        await ask("ban", change);
        find("ban-subject").value = "";
        find("ban-reason").value = "";
        await bans.show(true);
        return `Banned the ${kind} ${subject} for ${length}.`;
    });
});
