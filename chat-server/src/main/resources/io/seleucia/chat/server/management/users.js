// The accounts of the users file.

import { ask } from "./api.js";
import { List, nextOffset } from "./list.js";
import { attempt, confirmed, show } from "./notice.js";
import { find, make, onButton, onSubmit, put, typed } from "./page.js";
import { moment } from "./words.js";

function create({ user }) {
    const cells = ["client", "protocol", "since", "address"].map((className) => make("td", { className }));
    const button = (action, text) =>
        make("button", {
            type: "button",
            text,
            "data-action": action,
            "data-user": user,
            "aria-label": `${text} ${user}`,
        });
    const actions = [button("password", "Password …"), button("disable", "Disable …"), button("remove", "Remove …")];
    return make("tr", {}, ...cells, make("td", { className: "actions" }, ...actions));
}

function update({ children }, { user, disabled, lastLogin, lastAddress }) {
    const texts = [
        user,
        disabled ? "disabled" : "can log in",
        lastLogin ? moment(lastLogin) : "never",
        lastAddress ?? "",
    ];
    for (const [i, text] of texts.entries()) put(children[i], text);
    children[1].classList.toggle("bad", disabled);
    const button = children[4].children[1];
    const text = disabled ? "Enable" : "Disable …";
    if (button.textContent === text) return;
    button.dataset.action = disabled ? "enable" : "disable";
    button.setAttribute("aria-label", `${text} ${user}`);
    put(button, text);
}

export const users = new List("users", {
    path: "users",
    items: (reply) => reply.users,
    filters: () => ({ contains: typed("users-contains") }),
    start: "offset",
    next: nextOffset,
    keyOf: ({ user }) => user,
    create,
    update,
});
users.filteredBy("users-contains");

async function change(button, path, body, text) {
    return attempt(button, async () => {
        const { warning } = await ask(`users/${path}`, body);
        await users.show(true);
        return warning ? `${text} But ${warning}.` : text;
    });
}

let user = ""; // whose password is changed

const actions = {
    async disable(name, button) {
        const text = "Nobody can log in with it any more, and its sessions end now. The name stays taken.";
        if (await confirmed(`Disable the account ${name}?`, text, "Disable", true)) {
            await change(button, "disable", { user: name }, `Disabled ${name}.`);
        }
    },
    enable: (name, button) => change(button, "enable", { user: name }, `Enabled ${name}.`),
    async remove(name, button) {
        const text = "Its sessions end now. The name is free for others. Messages stay.";
        if (await confirmed(`Remove the account ${name}?`, text, "Remove", true)) {
            await change(button, "remove", { user: name }, `Removed ${name}.`);
        }
    },
    password(name) {
        user = name;
        put(find("password-title"), `A new password for ${name}`);
        find("password-new").value = "";
        show(find("password"));
    },
};

onButton("users-rows", (data, button) => actions[data.action](data.user, button));
onSubmit("password-form", async () => {
    const password = find("password-new").value;
    find("password-new").value = "";
    const text = `Changed the password of ${user}: its sessions have ended.`;
    const button = find("password-submit");
    await attempt(button, async () => {
        const { warning } = await ask("users/password", { user, password });
        find("password").close();
        await users.show(true);
        return warning ? `${text} But ${warning}.` : text;
    });
});
onSubmit("user-add", async () => {
    const name = typed("user-name");
    const password = find("user-password").value;
    find("user-password").value = "";
    if (await change(find("user-submit"), "add", { user: name, password }, `Added ${name}.`))
        find("user-name").value = "";
});
