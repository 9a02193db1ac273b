/* From signing in to the chat, and back. */

import { Chat, TOKEN } from "./chat.js";
import { byId } from "./dom.js";
import { phrase, writeDocument } from "./language.js";
import { LoginForm } from "./login.js";
import { Navigation } from "./navigation.js";
import { keepFiles } from "./offline.js";
import { forgetFormer, forgetPerson, keepPerson, knownPerson, scopeOf } from "./person.js";
import { prepareSettings } from "./settings.js";
import { Store } from "./store.js";
import { View } from "./view.js";

const DRAIN = 2_000; // milliseconds in which messages on their way may arrive before the person is asked
const SETTLED = 5_000; // milliseconds after which the page is likely to need the line no more

let chat = null;
let store = null;
let view = null;
let attempt = 0; // counts, so that one that was cancelled has no effect

const form = new LoginForm((person, login) => begin(person, login, false), cancel);

/**
 * Begins the chat of a person.
 * @param {import("./person.js").Person} person
 * @param {object | null} login as ChatClient has it; null: with the token by which an account stays signed in
 * @param {boolean} isReturning whether this browser knows the person already
 */
async function begin(person, login, isReturning) {
    endChat();
    const mine = ++attempt;
    form.setBusy(true);
    const opened = await Store.open(scopeOf(person), {
        changed: (name) => mine === attempt && chat?.changedElsewhere(name),
        ended: () => mine === attempt && ended(person, { code: "signed_out", message: "" }),
        unsaved: () => mine === attempt && view?.changed(),
    });
    if (mine !== attempt) {
        opened.close();
        return;
    }
    const token = opened.get(TOKEN);
    if (!login && !token) {
        opened.close();
        form.show(person.name, true, "");
        return;
    }
    if (!login) {
        person.token = token;
    }
    store = opened;
    chat = new Chat(person, login ?? { token }, store, {
        changed: () => mine === attempt && changed(person),
        ended: (error) => mine === attempt && ended(person, error),
        heard: (message, conversation) => view?.announce(message, conversation),
        isAtEnd: () => view?.isAtEnd ?? true,
        isAttentive: () => view?.isAttentive ?? false,
        returned: (conversation, text) => view?.takeBack(conversation, text) ?? false,
    });
    if (isReturning) {
        showChat(person);
    }
}

function changed(person) {
    if (chat?.begun) {
        keepPerson(person);
    }
    if (view) {
        view.changed();
    } else if (chat?.begun) {
        showChat(person);
    } else if (chat?.outage.isFelt) {
        form.showOutage(chat.outage.words);
    }
}

function showChat(person) {
    byId("login").hidden = true;
    byId("app").hidden = false;
    byId("login-password").value = "";
    form.setBusy(false);
    view = new View(chat, store, () => signOut(person));
    view.begin();
    setTimeout(keepFiles, SETTLED);
}

async function signOut(person) {
    const ending = chat;
    await ending.drain(DRAIN);
    if (ending.unsent > 0 && !(await isSure(ending.unsent))) {
        return;
    }
    if (chat !== ending) {
        return; // it has ended meanwhile
    }
    forgetPerson(person);
    view.end();
    view = null;
    Navigation.forget();
    form.show("", false, "");
    attempt++;
    chat = null;
    await ending.signOut();
}

/** Asks whether to sign out although messages would be lost. @returns {Promise<boolean>} */
function isSure(unsent) {
    const dialog = byId("unsent");
    byId("unsent-text").textContent = phrase("out.unsent", { count: unsent });
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
        // The event of an earlier time may come when the dialog is open again.
        dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "lose");
    });
}

/** Handles the end of the chat by the server, in another tab, or a failed login. */
function ended(person, error) {
    if (view) {
        Navigation.forget(); // the next one to sign in may be another person
    }
    if (error.code === "signed_out") {
        forgetPerson(person);
    } else if (error.closeCode === 4401 || (person.token && error.code === "unauthorized")) {
        store?.drop(TOKEN); // but not for a wrong password, which anyone may enter
    }
    endChat();
    form.showEnd(person, error);
}

function cancel() {
    endChat();
    form.show(byId("login-name").value, !byId("login-secret").hidden, "");
}

function endChat() {
    attempt++;
    view?.end();
    chat?.end();
    view = chat = store = null;
}

writeDocument();
prepareSettings();
forgetFormer();
const known = knownPerson();
if (known) {
    begin(known, known.kind === "guest" ? { client: known.name } : null, true);
} else {
    form.show("", false, "");
}
