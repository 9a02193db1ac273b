/* How the page looks and speaks, as the person chooses it for this browser. */

import { device } from "./device.js";
import { byId, element } from "./dom.js";
import { LANGUAGES, nameOfLanguage, phrase } from "./language.js";
import { showTheme } from "./theme.js";

const SYSTEM = "system"; // no choice

/** Connects the settings with what they set. */
export function prepareSettings() {
    byId("settings-open").onclick = () => byId("settings").showModal();
    for (const id of ["language", "login-language"]) {
        prepareLanguage(byId(id));
    }
    const theme = byId("theme");
    theme.value = device.get("theme") ?? SYSTEM;
    theme.onchange = () => {
        choose("theme", theme.value);
        showTheme();
    };
}

function prepareLanguage(select) {
    const options = LANGUAGES.map((code) => {
        const option = element("option", "", nameOfLanguage(code));
        option.value = option.lang = code;
        return option;
    });
    const system = element("option", "", phrase("settings.language.system"));
    system.value = SYSTEM;
    select.replaceChildren(system, ...options);
    select.value = device.get("language") ?? SYSTEM;
    select.onchange = () => {
        choose("language", select.value);
        location.reload(); // the page asks first if something would be lost
    };
}

const choose = (name, value) => device.put(name, value === SYSTEM ? null : value);
