/* A picture as large as the page. Escape or a click closes it. */

import { byId } from "./dom.js";
import { addressOf, within } from "./images.js";

/** Shows a picture. @param {{image: import("./images.js").Picture, text: string}} message */
export function enlarge({ image, text }) {
    const dialog = byId("enlarged");
    const shown = byId("enlarged-image");
    const { clientWidth, clientHeight } = document.documentElement;
    const { width, height } = within(image, clientWidth - 48, clientHeight - 120);
    Object.assign(shown, { width, height, alt: text, src: addressOf(image) });
    byId("enlarged-text").textContent = text;
    dialog.onclick = ({ target }) => (target === dialog || target === shown) && dialog.close();
    dialog.onclose = () => shown.removeAttribute("src"); // its memory
    dialog.showModal();
}
