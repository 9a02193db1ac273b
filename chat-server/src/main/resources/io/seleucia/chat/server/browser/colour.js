/* A colour for each name. The hue alone differs: lightness and chroma are those that can be read, in each theme. */

/** Returns the hue of a name in degrees, the same everywhere. */
export function hueOf(name) {
    let hash = 0x811c9dc5;
    for (const letter of name) {
        hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
    }
    return ((hash >>> 8) * 137) % 360;
}

/** Gives an element the colour of a name. Returns the element. */
export function coloured(node, name) {
    node.classList.add("coloured");
    node.style.setProperty("--hue", hueOf(name));
    return node;
}
