/* How this browser shows the page, for all its persons: nothing of what they write. */

import { SERVER } from "./person.js";

const key = (name) => `seleucia\n${SERVER}\ndevice ${name}`;

export const device = {
    /** Returns a choice; null if none was made, or the browser keeps none. @returns {string?} */
    get(name) {
        try {
            return localStorage.getItem(key(name));
        } catch {
            return null;
        }
    },

    /** Keeps a choice; null forgets it. */
    put(name, value) {
        try {
            if (value === null) {
                localStorage.removeItem(key(name));
            } else {
                localStorage.setItem(key(name), value);
            }
        } catch {
            // no storage: the choice lasts as long as the page
        }
    },
};
