/* The form in which a person signs in: a name, and for accounts a password. */

import { byId } from "./dom.js";
import { phrase } from "./language.js";
import { canLogIn, wordsForEnd } from "./words.js";

export class LoginForm {
    #passwordIsNeeded = false;

    /**
     * @param {(person: import("./person.js").Person, login: object) => void} begin
     * @param {() => void} cancel
     */
    constructor(begin, cancel) {
        byId("login-form").onsubmit = (event) => {
            event.preventDefault();
            this.#submit(begin);
        };
        byId("login-guest").onclick = () => this.show("", false, "");
        byId("login-cancel").onclick = cancel;
    }

    #submit(begin) {
        const name = byId("login-name").value.trim().normalize("NFC");
        const password = byId("login-password").value;
        const asks = !byId("login-secret").hidden;
        if (!name) {
            this.#refuse(phrase("login.nameless"), "login-name");
        } else if (this.#passwordIsNeeded && !password) {
            this.#refuse(phrase("login.secretless"), "login-password");
        } else {
            byId("login-error").textContent = "";
            if (asks && password) {
                const stays = byId("login-stay").checked;
                begin({ kind: "account", name, stays }, { user: name, password });
            } else {
                begin({ kind: "guest", name }, { client: name });
            }
        }
    }

    #refuse(words, field) {
        byId("login-error").textContent = words;
        byId(field).focus();
    }

    /** Shows why a person was not let in, or is no longer there, with the fields that help. */
    showEnd(person, error) {
        if (error.code === "signed_out") {
            this.show("", false, wordsForEnd(person, error));
            return;
        }
        const isTaken = error.code === "name_taken";
        const isRefused = error.code === "unauthorized" && error.closeCode === undefined;
        const asks = person.kind === "account" || isRefused || canLogIn(error);
        this.show(person.name, asks, wordsForEnd(person, error), isTaken || !isRefused || person.kind === "account");
    }

    /**
     * @param {string} name
     * @param {boolean} asksPassword
     * @param {string} words
     * @param {boolean} [mayBeGuest] whether the server may take guests
     */
    show(name, asksPassword, words, mayBeGuest = true) {
        this.#passwordIsNeeded = asksPassword && !mayBeGuest;
        byId("app").hidden = true;
        byId("login").hidden = false;
        byId("login-secret").hidden = !asksPassword;
        byId("login-guest").hidden = !asksPassword || !mayBeGuest;
        byId("login-lead").textContent = phrase(asksPassword ? "login.lead.account" : "login.lead.guest");
        byId("login-error").textContent = words;
        byId("login-password").value = "";
        this.setBusy(false);
        const field = byId("login-name");
        field.value = name;
        (asksPassword && name ? byId("login-password") : field).focus();
    }

    /** Says why it takes so long. */
    showOutage(words) {
        byId("login-error").textContent = phrase("login.retrying", { why: words });
        byId("login-cancel").hidden = false;
    }

    setBusy(busy) {
        byId("login-go").disabled = busy;
        byId("login-go").textContent = phrase(busy ? "login.joining" : "login.join");
        byId("login-cancel").hidden = true;
    }
}
