/*
 * Notifications of the desktop, for messages that the person does not see come in. The browser's permission is asked for by
 * a click, when there is first something to tell.
 */

import { device } from "./device.js";
import { byId } from "./dom.js";
import { phrase } from "./language.js";
import { mentions } from "./mentions.js";
import { isInvisible } from "./message.js";
import { fragmentOf } from "./route.js";
import { chime } from "./sound.js";

const LETTERS = 200; // of a message

/** Returns of which messages the person wants to be told: `all`, `mentions` (and direct messages), or `off`. */
export const wanted = () => device.get("notify") ?? "mentions";

/** Asks the browser for its permission; only a click may. Returns whether it is given. */
export async function askPermission() {
    return globalThis.Notification !== undefined && (await Notification.requestPermission()) === "granted";
}

export class Notifier {
    #chat;
    #open;
    #isLookedAt;
    #shown = new Set();

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {{open: (key: string) => void, isLookedAt: () => boolean}} view
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, { open, isLookedAt }, signal) {
        this.#chat = chat;
        this.#open = open;
        this.#isLookedAt = isLookedAt;
        const ask = byId("notify-ask");
        byId("notify-yes").onclick = async () => {
            ask.hidden = true;
            await askPermission();
        };
        byId("notify-no").onclick = () => {
            ask.hidden = true;
            device.put("notify", "off");
        };
        navigator.serviceWorker?.addEventListener("message", (event) => this.#clicked(event.data), { signal });
        signal.addEventListener("abort", () => {
            ask.hidden = true;
            this.#withdraw();
        });
    }

    /** Opens the conversation of a notification that was clicked, unless it was shown to another person. */
    #clicked(data) {
        if (data?.open && data.person === this.#chat.name) {
            this.#open(data.open);
        }
    }

    /** Closes all notifications: the next person must not see them. */
    async #withdraw() {
        for (const notification of this.#shown) {
            notification.close();
        }
        const worker = await navigator.serviceWorker?.getRegistration();
        for (const notification of (await worker?.getNotifications()) ?? []) {
            notification.close();
        }
    }

    /** Handles a message that has come in. */
    heard(message, conversation) {
        const isSeen = this.#isLookedAt() && conversation === this.#chat.current;
        if (message.own || isInvisible(message) || isSeen || !this.#isWanted(message, conversation)) {
            return;
        }
        const permission = globalThis.Notification?.permission;
        if (permission === "default") {
            byId("notify-ask").hidden = false;
        }
        if (permission === "granted" && !this.#isLookedAt()) {
            this.#tell(message, conversation);
        }
        if (device.get("sound") === "on") {
            chime();
        }
    }

    #isWanted({ text }, { key, isDirect }) {
        const of = wanted();
        return (
            of !== "off" && !this.#chat.mutes.has(key) && (of === "all" || isDirect || mentions(text, this.#chat.name))
        );
    }

    async #tell({ sender, text }, { key, name, isDirect }) {
        const title = isDirect ? sender : phrase("notify.title", { sender, channel: name });
        const options = { body: text.slice(0, LETTERS), tag: key, icon: "icon-192.png", silent: true };
        try {
            const shown = new Notification(title, options);
            this.#shown.add(shown);
            shown.onclose = () => this.#shown.delete(shown);
            shown.onclick = () => {
                window.focus();
                this.#open(key);
                shown.close();
            };
        } catch {
            // On phones, a service worker has to show it.
            const worker = await navigator.serviceWorker?.getRegistration();
            const data = { key, person: this.#chat.name, address: fragmentOf({ key }) };
            await worker?.showNotification(title, { ...options, data });
        }
    }
}
