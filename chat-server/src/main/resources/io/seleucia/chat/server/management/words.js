// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat("en");
const dateAndTime = {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
};
const thisYear = new Intl.DateTimeFormat(undefined, dateAndTime);
const anyYear = new Intl.DateTimeFormat(undefined, { year: "numeric", ...dateAndTime });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Returns a number with thousands separators. */
export const count = (value) => whole.format(value);

/** Returns a number with its noun. */
export const numbered = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Returns a number with one decimal if it is below 10. */
export const rate = (value) => (value < 10 && value > 0 ? value.toFixed(1) : count(Math.round(value)));

/** Returns a number of bytes as a value and a unit. */
export function bytes(value) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    let scaled = value;
    while (scaled >= 1000 && unit < units.length - 1) {
        scaled /= 1000;
        unit++;
    }
    return [unit === 0 || scaled >= 100 ? count(Math.round(scaled)) : scaled.toFixed(1), units[unit]];
}

/** Returns a duration in its two largest units. */
export function span(seconds) {
    const units = [
        [86400, "d"],
        [3600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    const at = units.findIndex(([size]) => seconds >= size || size === 1);
    const [size, unit] = units[at];
    const [restSize, restUnit] = units[at + 1] ?? [1, ""];
    const rest = Math.floor((seconds % size) / restSize);
    return `${Math.floor(seconds / size)} ${unit}${restUnit && rest ? ` ${rest} ${restUnit}` : ""}`;
}

/** Returns a time with its date and zone, and its year if that is not this one. */
export function moment(time) {
    const date = new Date(time);
    return (date.getFullYear() === new Date().getFullYear() ? thisYear : anyYear).format(date);
}

/** Returns a time of the day, with seconds. */
export const second = (time) => clock.format(new Date(time));

/** Returns a time of the day, without seconds. */
export const minute = (time) => minutes.format(new Date(time));
