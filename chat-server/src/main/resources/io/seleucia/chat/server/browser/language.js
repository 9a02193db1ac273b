/*
 * The language of the page. All its words are in one file for each language, by the same keys. To add a language, add its
 * file and its code here.
 */

import { device } from "./device.js";

/** The languages that there are files for, the first for persons of all others. */
export const LANGUAGES = ["en", "ar"];

/** Returns the language to use. @param {string?} chosen by the person @param {readonly string[]} preferred of the browser */
export function languageFor(chosen, preferred) {
    const base = (tag) => tag.toLowerCase().split("-")[0];
    const known = [chosen, ...preferred.map(base)].find((code) => LANGUAGES.includes(code));
    return known ?? LANGUAGES[0];
}

const CODE = languageFor(device.get("language"), navigator.languages);
const { direction, texts } = (await import(`./language-${CODE}.js`)).default;

/** The locale for times and numbers: that of the person, if it is of this language. */
export const locale = navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === CODE) ?? CODE;
const rules = new Intl.PluralRules(CODE);
const numbers = new Intl.NumberFormat(locale);

const OTHER_WAY = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u; // letters that are written from right to left
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/gu; // would turn the rest of the sentence around

/** Returns a number as the person writes it. */
export const number = (value) => numbers.format(value);

/**
 * Returns a text of the page.
 * @param {string} key as in the files of languages
 * @param {Record<string, string | number>} values for its places in braces; `count` chooses the plural form
 */
export function phrase(key, values = {}) {
    const text = texts[key];
    const form = typeof text === "string" ? text : (text[rules.select(values.count)] ?? text.other);
    return form.replace(/\{(\w+)\}/gu, (_, name) => inserted(values[name]));
}

const inserted = (value) => (typeof value === "number" ? number(value) : isolated(value));

/** Returns a name as it can stand in a sentence, whatever direction it runs in. */
export function isolated(value) {
    const plain = value.replace(CONTROLS, "");
    return direction === "rtl" || OTHER_WAY.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** Returns the name of a language in itself. */
export const nameOfLanguage = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);

/** Writes the texts of the document: `data-text` into an element, `data-label` as its name and tooltip, and so on. */
export function writeDocument() {
    document.documentElement.lang = CODE;
    document.documentElement.dir = direction;
    for (const node of document.querySelectorAll("[data-text], [data-label], [data-name], [data-placeholder]")) {
        const { text, label, name, placeholder } = node.dataset;
        if (text) {
            node.textContent = phrase(text);
        }
        if (label) {
            node.ariaLabel = node.title = phrase(label);
        }
        if (name) {
            node.ariaLabel = phrase(name);
        }
        if (placeholder) {
            node.placeholder = phrase(placeholder);
        }
    }
}
