/* Pictures that are to be sent: picked, pasted or dropped, and shown beside the field until then. */

import { byId, element, symbol } from "./dom.js";
import { addressOf, dataOf, pictureOf, TYPES, within } from "./images.js";
import { phrase } from "./language.js";
import { say } from "./notice.js";

const MOST = 4;
const FOR_TEXT = 1_000; // bytes of a message that are left to the description
const THUMB = 56; // pixels

export class Attachments {
    #chat;
    #changed;
    #signal; // ends with the person's session, and what still waits must not reach the next person
    #list = byId("attached");
    #byConversation = new WeakMap(); // pictures

    /**
     * @param {import("./chat.js").Chat} chat
     * @param {() => void} changed called when pictures come or go
     * @param {AbortSignal} signal ends it
     */
    constructor(chat, changed, signal) {
        this.#chat = chat;
        this.#changed = changed;
        this.#signal = signal;
        const picker = byId("attach-file");
        picker.accept = TYPES.join();
        byId("attach").onclick = () => picker.click();
        picker.onchange = () => {
            this.#add([...picker.files]);
            picker.value = "";
        };
        byId("text").onpaste = (event) => this.#take(event, event.clipboardData);
        const stage = byId("conversation");
        stage.addEventListener("dragover", (event) => this.#over(event), { signal });
        stage.addEventListener("dragleave", () => this.#dragged(false), { signal });
        stage.addEventListener("drop", (event) => this.#dropped(event), { signal });
        this.#list.replaceChildren();
    }

    /** Returns the pictures for the current conversation. */
    get pictures() {
        return this.#byConversation.get(this.#chat.current ?? this) ?? [];
    }

    /** Takes all pictures away, and returns them. */
    take() {
        const { pictures } = this;
        this.#set([]);
        return pictures;
    }

    #set(pictures, conversation = this.#chat.current) {
        if (this.#signal.aborted) {
            return;
        }
        if (conversation) {
            this.#byConversation.set(conversation, pictures);
        }
        this.render();
        this.#changed();
    }

    #over(event) {
        if (this.#chat.current && event.dataTransfer.types.includes("Files")) {
            event.preventDefault();
            this.#dragged(true);
        }
    }

    #dragged(is) {
        byId("conversation").classList.toggle("dropping", is);
    }

    #dropped(event) {
        this.#dragged(false);
        if (this.#chat.current && event.dataTransfer.types.includes("Files")) {
            event.preventDefault(); // or the browser would open them
            this.#add([...event.dataTransfer.files]);
        }
    }

    #take(event, transfer) {
        const files = [...transfer.files].filter(({ type }) => TYPES.includes(type));
        if (files.length > 0) {
            event.preventDefault();
            this.#add(files);
        }
    }

    async #add(files) {
        const conversation = this.#chat.current;
        if (!conversation || files.length === 0) {
            return;
        }
        byId("text").focus();
        if (files.length + this.pictures.length > MOST) {
            this.#say("image.many", { count: MOST });
        }
        for (const file of files.slice(0, MOST - this.pictures.length)) {
            if (this.#signal.aborted) {
                return;
            }
            const empty = dataOf({ type: TYPES[0], width: 9_999, height: 9_999, data: "" }, "");
            try {
                const picture = await pictureOf(file, this.#chat.bytesLeft(empty) - FOR_TEXT);
                this.#set([...(this.#byConversation.get(conversation) ?? []), picture], conversation);
            } catch (error) {
                this.#say(error instanceof RangeError ? "image.large" : "image.unreadable", { name: file.name });
            }
        }
    }

    #say(key, values) {
        if (!this.#signal.aborted) {
            say(phrase(key, values));
        }
    }

    /** Shows the pictures of the current conversation. */
    render() {
        const { pictures } = this;
        if (pictures.length === 0 && this.#list.childElementCount === 0) {
            return;
        }
        this.#list.replaceChildren(...pictures.map((picture) => this.#thumb(picture)));
    }

    #thumb(picture) {
        const shown = document.createElement("img");
        Object.assign(shown, within(picture, THUMB * 2, THUMB), { alt: "", src: addressOf(picture) });
        const remove = element("button", "icon", symbol("close"));
        remove.type = "button";
        remove.ariaLabel = remove.title = phrase("image.remove");
        remove.onclick = () => {
            this.#set(this.pictures.filter((one) => one !== picture));
            byId("text").focus();
        };
        return element("li", "", shown, remove);
    }
}
