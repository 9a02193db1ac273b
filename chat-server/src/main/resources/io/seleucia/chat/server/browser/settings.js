/* How the page looks and speaks, as the person chooses it for this browser. */

import { device } from "./device.js";
import { byId, element } from "./dom.js";
import { LANGUAGES, nameOfLanguage, phrase } from "./language.js";
import { askPermission, wanted } from "./notifier.js";
import { chime } from "./sound.js";
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
    prepareNotifications();
}

function prepareNotifications() {
    const notify = byId("notify");
    const sound = byId("sound");
    const show = () => {
        notify.value = wanted();
        sound.checked = device.get("sound") === "on";
        const isDenied = notify.value !== "off" && globalThis.Notification?.permission === "denied";
        byId("notify-denied").hidden = !isDenied;
    };
    byId("settings-open").addEventListener("click", show);
    notify.onchange = async () => {
        device.put("notify", notify.value);
        if (notify.value !== "off") {
            await askPermission();
        }
        show();
    };
    sound.onchange = () => {
        device.put("sound", sound.checked ? "on" : null);
        if (sound.checked) {
            chime();
        }
    };
    show();
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
