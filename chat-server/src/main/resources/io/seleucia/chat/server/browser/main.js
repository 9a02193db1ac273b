/* From the login to the chat, and back. */

import { byId } from "./dom.js";
import { Chat } from "./state.js";
import { person } from "./storage.js";
import { View } from "./view.js";

let chat = null;
let view = null;
let passwordIsNeeded = false;

function begin(login, isReturning) {
    endView();
    chat = new Chat(login, {
        changed: () => changed(),
        ended: (error) => ended(login, error),
        heard: (message, conversation) => view?.announce(message, conversation),
        isAtEnd: () => view?.isAtEnd ?? true,
        isAttentive: () => view?.isAttentive ?? false,
    });
    if (isReturning) {
        showChat();
    } else {
        setBusy(true);
    }
}

function changed() {
    if (view) {
        view.changed();
    } else if (chat?.connection.begun) {
        showChat();
    }
}

function showChat() {
    byId("login").hidden = true;
    byId("app").hidden = false;
    byId("login-password").value = "";
    setBusy(false);
    view = new View(chat, signOut);
    view.changed();
}

async function signOut() {
    await chat.end();
    showLogin("", false, "");
}

/** Handles the end of the chat by the server, or a failed login. */
function ended(login, error) {
    if (error) {
        const taken = error.code === "name_taken";
        const asks = taken ? canLogIn(error) : ["unauthorized", "forbidden"].includes(error.code);
        showLogin(login.client ?? login.user, asks, wordsFor(login, error), taken);
    }
}

/** Returns whether a name belongs to an account. Otherwise it is reserved, and has no login. */
function canLogIn(error) {
    return error.message.includes("log in");
}

function wordsFor(login, error) {
    if (login.password) {
        return error.code === "unauthorized" ? "Name and password do not match." : sentence(error.message);
    }
    switch (error.code) {
        case "unauthorized":
            return "This server asks for a password.";
        case "name_taken":
            return canLogIn(error)
                ? "This name is taken: enter its password, or choose another name."
                : "This name is taken: choose another.";
        case "forbidden":
            return "This name belongs to an account: its password is needed.";
        default:
            return sentence(error.message);
    }
}

function sentence(text) {
    return text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

function showLogin(name, asksPassword, words, anotherNameWillDo = false) {
    passwordIsNeeded = asksPassword && !anotherNameWillDo;
    endView();
    byId("app").hidden = true;
    byId("login").hidden = false;
    byId("login-secret").hidden = !asksPassword;
    byId("login-lead").textContent = asksPassword
        ? "Log in to join the conversation."
        : "Choose a name to join the conversation.";
    byId("login-error").textContent = words;
    setBusy(false);
    const field = byId("login-name");
    field.value = name;
    (passwordIsNeeded && field.value ? byId("login-password") : field).focus();
}

function endView() {
    view?.end();
    view = null;
    chat = null;
}

function setBusy(busy) {
    byId("login-go").disabled = busy;
    byId("login-go").textContent = busy ? "Joining…" : "Join";
}

byId("login-form").onsubmit = (event) => {
    event.preventDefault();
    const name = byId("login-name").value.trim();
    const password = byId("login-password").value;
    const asks = !byId("login-secret").hidden;
    if (!name) {
        byId("login-error").textContent = "A name is needed.";
        byId("login-name").focus();
    } else if (passwordIsNeeded && !password) {
        byId("login-error").textContent = "A password is needed.";
        byId("login-password").focus();
    } else {
        byId("login-error").textContent = "";
        begin(asks && password ? { user: name, password } : { client: name }, false);
    }
};

const known = person.get("name", "");
if (known) {
    begin({ client: known }, true);
} else {
    showLogin("", false, "");
}
