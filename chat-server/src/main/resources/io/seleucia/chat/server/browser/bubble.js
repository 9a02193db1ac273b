/* Draws one message. */

import { coloured } from "./colour.js";
import { excerptOf } from "./deeds.js";
import { element, symbol } from "./dom.js";
import { addressOf, within } from "./images.js";
import { phrase } from "./language.js";
import { writeMarkup } from "./markup.js";
import { fragmentOf } from "./route.js";
import { fullTimeOf, initials, listed, timeOf } from "./text.js";

const LONG = 1_200; // characters beyond which a message is folded
const MANY_LINES = 16;
const PICTURE = { width: 360, height: 320 }; // pixels at the most

/**
 * Returns the row of a message.
 * @param {import("./message.js").Shown} message
 * @param {{first: boolean, isTarget: boolean}} place
 * @param {object} conversation
 * @param {import("./rows.js").Actions} actions
 */
export function bubbleOf(message, { first, isTarget }, conversation, actions) {
    const state = message.state ?? "sent";
    const row = element("li", `message${first ? " first" : ""}${isTarget ? " target" : ""}`);
    row.dataset.state = state;
    row.dataset.id = message.id;
    row.tabIndex = -1;
    if (first) {
        const avatar = element("span", message.own ? "avatar own" : "avatar", initials(message.sender));
        avatar.setAttribute("aria-hidden", "true");
        row.append(message.own ? avatar : coloured(avatar, message.sender));
    } else {
        const when = element("span", "gutter", timeOf(message.time));
        when.title = fullTimeOf(message.time);
        when.setAttribute("aria-hidden", "true"); // the head has it
        row.append(when);
    }
    row.append(headOf(message, first, conversation, actions));
    if (message.replyTo && !message.isDeleted) {
        row.append(quoteOf(message, conversation, actions));
    }
    if (message.image) {
        row.append(pictureOf(message, actions));
    }
    row.append(...wordsOf(message, state, actions));
    if (message.reactions?.length > 0) {
        row.append(chipsOf(message, actions));
    }
    if (state === "failed") {
        row.append(problemOf(message, actions));
    }
    return row;
}

/** Returns the text with its marks, or what edits it. */
function wordsOf(message, state, actions) {
    const edits = actions.editorOf(message.id);
    if (edits) {
        return [edits];
    }
    const looks = [message.isCode && "code", message.isDeleted && "gone", message.image && "caption"].filter(Boolean);
    const words = element("div", ["words", ...looks].join(" "));
    words.dir = "auto";
    if (message.isCode || message.isDeleted) {
        words.textContent = message.text;
    } else {
        writeMarkup(words, message.text, actions.names);
    }
    const body = element("div", "body", words);
    if (message.editedAt > 0 && !message.isDeleted) {
        body.append(element("span", "edited", phrase("message.edited")));
    }
    if (message.own && !message.isDeleted) {
        body.append(markOf(state));
    }
    const isLong = message.text.length > LONG || message.text.split("\n", MANY_LINES + 1).length > MANY_LINES;
    return isLong ? [body, foldOf(message, words, actions)] : [body];
}

/** Returns the sender and time, which leads to the message; screen readers get them with every message. */
function headOf({ own, sender, guest, time, epoch, offset }, first, { key }, actions) {
    const when = element("time", "", timeOf(time));
    when.dateTime = new Date(time).toISOString();
    when.title = fullTimeOf(time);
    const who = element("bdi", "sender", sender);
    who.title = sender;
    if (!own) {
        coloured(who, sender);
    }
    const mark = guest ? [element("span", "guest", phrase("person.guest"))] : [];
    const link =
        offset === undefined || !first ? when : linkTo("when", { key, message: { epoch, offset } }, [when], actions);
    return element("div", first ? "head" : "head unseen", who, ...mark, link);
}

function linkTo(className, place, content, actions) {
    const link = element("a", className, ...content);
    link.href = fragmentOf(place);
    link.dataset.part = className;
    link.onclick = (event) => {
        if (event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.preventDefault();
            actions.open(place);
        }
    };
    return link;
}

/** Returns the message that is answered, in one line that leads to it. */
function quoteOf(message, { key }, actions) {
    const quoted = actions.quoted(message);
    if (!quoted) {
        const words = quoted === null ? phrase("quote.gone") : phrase("quote.loading");
        return element("div", "quote", element("span", "", words));
    }
    const who = element("bdi", "quoted", quoted.sender);
    const text = element("span", "", excerptOf(quoted));
    text.dir = "auto";
    const place = { key, message: { epoch: message.epoch, offset: message.replyTo } };
    const unseen = element("span", "unseen", phrase("quote.answers"));
    return linkTo("quote", place, [unseen, who, text], actions);
}

function pictureOf({ id, image, text }, actions) {
    const shown = document.createElement("img");
    const { width, height } = within(image, PICTURE.width, PICTURE.height);
    Object.assign(shown, { width, height, alt: text, decoding: "async", src: addressOf(image) });
    const button = element("button", "picture", shown);
    button.type = "button";
    button.dataset.part = "picture";
    button.ariaLabel = phrase(text ? "image.open" : "image.bare.open", { text });
    button.onclick = () => actions.enlarge({ id, image, text });
    return button;
}

function chipsOf(message, actions) {
    const chips = message.reactions.map(({ text, count, clients }) => {
        const chip = element("button", "chip", element("span", "", text), element("span", "", String(count)));
        const unnamed = count - clients.length;
        const names = listed(
            unnamed > 0 ? [...clients.slice(0, 2), phrase("names.others", { count: count - 2 })] : clients,
        );
        chip.type = "button";
        chip.dataset.part = text;
        chip.title = names;
        chip.ariaLabel = phrase("reaction.label", { text, names });
        chip.setAttribute("aria-pressed", String(actions.hasReacted(message, text)));
        chip.onclick = () => actions.react(message, text);
        return chip;
    });
    return element("div", "chips", ...chips);
}

function foldOf({ id }, words, actions) {
    const unfolded = actions.isUnfolded(id);
    const button = element("button", "more", phrase(unfolded ? "message.less" : "message.all"));
    button.dataset.part = "fold";
    words.classList.toggle("clipped", !unfolded);
    button.setAttribute("aria-expanded", String(unfolded));
    button.onclick = () => actions.toggle(id);
    return button;
}

function problemOf({ problem, pending }, actions) {
    const retry = element("button", "retry", phrase("message.retry"));
    const discard = element("button", "discard", phrase("message.discard"));
    retry.onclick = () => actions.retry(pending);
    discard.onclick = () => actions.discard(pending);
    return element("div", "problem", problem, retry, discard);
}

/** Returns the state of an own message. */
function markOf(state) {
    const said = phrase({ sending: "message.sending", sent: "message.sent", failed: "message.failed" }[state]);
    const shown = element("span", "mark", element("span", "unseen", said));
    if (state === "sent") {
        shown.append(symbol("check"));
    }
    shown.title = said;
    return shown;
}
