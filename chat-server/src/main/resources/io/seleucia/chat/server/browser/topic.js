/* The topic of a channel, which those who may can change. */

import { byId, setText } from "./dom.js";
import { topicOf } from "./finder.js";
import { phrase } from "./language.js";

/** Connects the button beside the topic with its dialog. @param {import("./chat.js").Chat} chat @param {AbortSignal} signal */
export function prepareTopic(chat, signal) {
    const dialog = byId("topic");
    const field = byId("topic-field");
    const error = byId("topic-error");
    let of = null;
    byId("topic-open").onclick = () => {
        of = chat.current;
        field.value = topicOf(of.info);
        error.textContent = "";
        dialog.showModal();
        field.focus();
    };
    byId("topic-cancel").onclick = () => dialog.close();
    byId("topic-form").onsubmit = async (event) => {
        event.preventDefault();
        const refused = await chat.finder.setTopic(of, field.value.trim()).then(
            () => null,
            ({ code }) => code,
        );
        if (refused === null) {
            dialog.close();
        } else {
            setText(error, phrase(refused === "forbidden" ? "topic.forbidden" : "topic.failed"));
        }
    };
    signal.addEventListener("abort", () => dialog.close());
}
