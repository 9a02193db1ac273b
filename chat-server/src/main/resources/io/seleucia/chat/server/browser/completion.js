/* Proposes names while one is being typed after an @. The field keeps the focus; arrows choose. */

import { byId, element } from "./dom.js";
import { proposalsFor, typedBefore } from "./mentions.js";

export class Completion {
    #chat;
    #field;
    #list = byId("names");
    #names = [];
    #chosen = 0;
    #dismissed = -1; // the place of an @ for which nothing is to be proposed

    /** @param {import("./chat.js").Chat} chat @param {HTMLTextAreaElement} field */
    constructor(chat, field) {
        this.#chat = chat;
        this.#field = field;
        field.setAttribute("aria-autocomplete", "list");
        field.setAttribute("aria-controls", "names");
        field.onblur = () => this.#show([]);
        this.#show([]);
    }

    /** Proposes what fits to the text before the caret. */
    update() {
        const { value, selectionStart, selectionEnd } = this.#field;
        const typed = selectionStart === selectionEnd ? typedBefore(value, selectionStart) : null;
        if (!typed || typed.from === this.#dismissed) {
            this.#dismissed = typed ? this.#dismissed : -1;
            this.#show([]);
            return;
        }
        const { members, messages, isDirect, name } = this.#chat.current;
        const me = this.#chat.name;
        const there = (isDirect ? [name] : [...members.keys()]).filter((one) => one !== me);
        const others = messages.map(({ sender }) => sender).filter((sender) => sender && sender !== me);
        const names = proposalsFor(typed.typed, there, others);
        this.#show(names.length === 1 && names[0] === typed.typed ? [] : names);
    }

    /** Handles a key of the field. Returns whether it was for the list. */
    pressed(event) {
        if (this.#names.length === 0) {
            return false;
        }
        switch (event.key) {
            case "ArrowDown":
            case "ArrowUp": {
                const step = event.key === "ArrowDown" ? 1 : this.#names.length - 1;
                this.#choose((this.#chosen + step) % this.#names.length);
                return true;
            }
            case "Enter":
            case "Tab":
                this.#complete(this.#names[this.#chosen]);
                return true;
            case "Escape":
                this.#dismissed = typedBefore(this.#field.value, this.#field.selectionStart)?.from ?? -1;
                this.#show([]);
                return true;
            default:
                return false;
        }
    }

    #complete(name) {
        const { value, selectionStart } = this.#field;
        const { from } = typedBefore(value, selectionStart);
        this.#field.setRangeText(`@${name} `, from, selectionStart, "end");
        this.#field.dispatchEvent(new Event("input"));
        this.#show([]);
    }

    #show(names) {
        this.#names = names;
        this.#list.hidden = names.length === 0;
        this.#list.replaceChildren(...names.map((name, place) => this.#option(name, place)));
        this.#choose(0);
    }

    #option(name, place) {
        const option = element("li", "", element("bdi", "", name));
        option.id = `name-${place}`;
        option.role = "option";
        option.onpointerdown = (event) => {
            event.preventDefault(); // the field keeps the focus
            this.#complete(name);
        };
        return option;
    }

    #choose(place) {
        this.#chosen = place;
        [...this.#list.children].forEach((option, one) => {
            option.ariaSelected = String(one === place);
        });
        if (this.#names.length > 0) {
            this.#field.setAttribute("aria-activedescendant", `name-${place}`);
            this.#list.children[place].scrollIntoView({ block: "nearest" });
        } else {
            this.#field.removeAttribute("aria-activedescendant");
        }
    }
}
