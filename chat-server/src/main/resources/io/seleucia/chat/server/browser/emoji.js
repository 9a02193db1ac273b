/* The emoji of the picker, in rows. Their words are in the files of languages, by the emoji itself. */

export const COLUMNS = 8;

const GROUPS = [
    "👍 👎 ❤️ 😂 🎉 🙏 👀 ✅",
    "😀 😄 😅 😊 😍 😘 😜 🤔",
    "🙂 😉 😎 🥳 😇 🤗 🙄 😐",
    "😢 😭 😡 😱 😴 🤒 🤯 🥱",
    "👏 👋 🤝 💪 ✌️ 🤞 👌 🤷",
    "🔥 ⭐ 💯 ❌ ❓ ❗ ⚠️ 💡",
    "☕ 🍕 🎂 🍎 🍻 🌹 🌞 🌧️",
    "🚀 🐛 🔧 📌 📎 📅 ⏰ 💬",
];

export const EMOJI = GROUPS.flatMap((group) => group.split(" "));

/** Returns the first few, which are offered beside a message. */
export const FREQUENT = EMOJI.slice(0, 6);

/**
 * Returns the emoji of which a word begins with what is typed, or each of several words.
 * @param {string} typed
 * @param {(emoji: string) => string} wordsOf returns the words of an emoji
 */
export function found(typed, wordsOf) {
    const sought = typed.toLowerCase().split(/\s+/u).filter(Boolean);
    return EMOJI.filter((emoji) => {
        const words = wordsOf(emoji).toLowerCase().split(/\s+/u);
        return sought.every((one) => one === emoji || words.some((word) => word.startsWith(one)));
    });
}
