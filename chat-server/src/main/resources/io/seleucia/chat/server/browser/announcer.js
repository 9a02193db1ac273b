/* Has screen readers read what arrives. */

import { byId, element } from "./dom.js";
import { phrase } from "./language.js";
import { isBlank } from "./message.js";

const KEPT = 5; // messages
const LETTERS = 500; // of each

/** Announces a message of the conversation that is open, and direct messages wherever the person is. */
export function announce({ sender, text, own }, conversation, current) {
    if (own || isBlank(text) || !(conversation === current || conversation.isDirect)) {
        return;
    }
    const key = conversation === current ? "messages.said" : "messages.said.directly";
    const log = byId("announcer");
    log.append(element("p", "", phrase(key, { sender, text: text.slice(0, LETTERS) })));
    while (log.childElementCount > KEPT) {
        log.firstElementChild.remove();
    }
}

/** Forgets what was announced to the person before. */
export function forgetAnnouncements() {
    byId("announcer").replaceChildren();
}
