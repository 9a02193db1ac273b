/* Has screen readers read what arrives. */

import { excerptOf } from "./deeds.js";
import { byId, element } from "./dom.js";
import { phrase } from "./language.js";
import { isInvisible } from "./message.js";

const KEPT = 5; // messages
const LETTERS = 500; // of each

/** Announces a message of the conversation that is open, and direct messages wherever the person is. */
export function announce(message, conversation, current) {
    const { sender, own, image } = message;
    if (own || isInvisible(message) || !(conversation === current || conversation.isDirect)) {
        return;
    }
    const key = conversation === current ? "messages.said" : "messages.said.directly";
    const text = image ? excerptOf(message) : message.text.slice(0, LETTERS);
    const log = byId("announcer");
    log.append(element("p", "", phrase(key, { sender, text })));
    while (log.childElementCount > KEPT) {
        log.firstElementChild.remove();
    }
}

/** Forgets what was announced to the person before. */
export function forgetAnnouncements() {
    byId("announcer").replaceChildren();
}
