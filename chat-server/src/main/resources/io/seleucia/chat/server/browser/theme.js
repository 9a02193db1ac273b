/* Whether the page is light or dark: as the person has chosen for this browser, or as the device is. */

import { device } from "./device.js";

/** Shows the theme that was chosen. */
export function showTheme() {
    document.documentElement.dataset.theme = device.get("theme") ?? "system";
}

showTheme(); // before the first frame
