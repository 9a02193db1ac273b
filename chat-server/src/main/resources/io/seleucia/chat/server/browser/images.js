/*
 * Pictures in messages: `{"image": {"type", "width", "height", "data"}, "text"}`, `data` in base64. They are drawn anew
 * before they are sent, smaller until they fit; what a camera notes beside a picture, such as the place, is not sent.
 */

import { isStill } from "./pixels.js";

export const TYPES = ["image/webp", "image/jpeg", "image/png", "image/gif"]; // files of pixels, which run no scripts
const SHOWN = TYPES.slice(0, 3); // a GIF of few bytes has thousands of frames; the page sends its first as WebP
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MOST_PIXELS = 4_000_000; // of one that is shown: a few bytes may stand for gigabytes of pixels
const MOST_BYTES = 50_000_000; // of a file
const SIDES = [1_600, 1_200, 900, 675, 500, 375, 280, 200]; // pixels of the longer side, tried one after the other
const QUALITIES = [0.8, 0.6, 0.4];

/** @typedef {{type: string, width: number, height: number, data: string}} Picture */

/**
 * Returns the picture that data of a message hold; null if they hold none that can be shown: it must be still, small enough
 * for a browser's memory, and of the size that they say.
 * @returns {Picture?}
 */
export function imageOf(data) {
    const { type, width, height, data: bytes } = data?.image ?? {};
    const isSound =
        SHOWN.includes(type) &&
        isSide(width) &&
        isSide(height) &&
        width * height <= MOST_PIXELS &&
        typeof bytes === "string" &&
        bytes.length % 4 === 0 &&
        BASE64.test(bytes) &&
        isStill(type, bytes, width, height);
    return isSound ? { type, width, height, data: bytes } : null;
}

const isSide = (pixels) => Number.isInteger(pixels) && pixels > 0;

/** Returns the data of a message with a picture. @param {Picture} image @param {string} text describes it */
export const dataOf = (image, text) => ({ image, text });

/** Returns an address under which an image element shows a picture. @param {Picture} picture */
export const addressOf = ({ type, data }) => `data:${type};base64,${data}`;

/** Returns a size reduced to one whose sides are at most so many pixels; no size is enlarged. */
export function within({ width, height }, mostWidth, mostHeight) {
    const scale = Math.min(1, mostWidth / width, mostHeight / height);
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Returns the sizes to try for a picture, from its own on. */
export function sizesOf(size) {
    const longer = Math.max(size.width, size.height);
    const sides = SIDES.filter((side) => side < longer);
    return (longer <= SIDES[0] ? [longer, ...sides] : sides).map((side) => within(size, side, side));
}

/**
 * Makes a picture of a file that has at most so many characters of base64.
 * @param {Blob} file
 * @param {number} room
 * @returns {Promise<Picture>} rejected with a `RangeError` if it can't be made so small, else if it can't be read
 */
export async function pictureOf(file, room) {
    if (!TYPES.includes(file.type) || file.size > MOST_BYTES) {
        throw new TypeError(`no picture: ${file.type}`);
    }
    const bitmap = await createImageBitmap(file);
    try {
        for (const size of sizesOf(bitmap)) {
            const canvas = drawn(bitmap, size);
            for (const quality of QUALITIES) {
                const blob = await encoded(canvas, quality);
                if (Math.ceil(blob.size / 3) * 4 <= room) {
                    return { type: blob.type, ...size, data: await base64Of(blob) };
                }
            }
        }
    } finally {
        bitmap.close();
    }
    throw new RangeError("the picture can't be made small enough");
}

function drawn(bitmap, { width, height }) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return canvas;
}

/** Returns a picture as WebP, or as JPEG where the browser does not write WebP. */
async function encoded(canvas, quality) {
    const webp = await blobOf(canvas, "image/webp", quality);
    return webp?.type === "image/webp" ? webp : blobOf(onWhite(canvas), "image/jpeg", quality);
}

/** Returns a picture without transparency, which JPEG would show black. */
function onWhite(canvas) {
    const opaque = document.createElement("canvas");
    Object.assign(opaque, { width: canvas.width, height: canvas.height });
    const context = opaque.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(canvas, 0, 0);
    return opaque;
}

const blobOf = (canvas, type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality));

async function base64Of(blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let binary = "";
    for (let from = 0; from < bytes.length; from += 8_192) {
        binary += String.fromCharCode(...bytes.subarray(from, from + 8_192));
    }
    return btoa(binary);
}
