/*
 * The sizes of pictures, as their files say them. What a message says beside a picture is not to be trusted: a file of few
 * bytes may unfold to gigabytes, or to thousands of frames.
 */

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const ANIMATED = 0x02; // a flag of WebP
const MOST_SCANS = 50; // of a JPEG: each is drawn over the whole picture

/** Returns whether a file in base64 is one picture, without frames, of that type and size. */
export function isStill(type, base64, width, height) {
    const bytes = bytesOf(base64);
    const size = bytes && { "image/png": ofPng, "image/webp": ofWebp, "image/jpeg": ofJpeg }[type](bytes);
    const isTurned = type === "image/jpeg" && size?.width === height && size.height === width; // as its camera was
    return isTurned || (size?.width === width && size.height === height);
}

function bytesOf(base64) {
    try {
        const text = atob(base64);
        return new DataView(Uint8Array.from(text, (sign) => sign.charCodeAt(0)).buffer);
    } catch {
        return null;
    }
}

const nameAt = (bytes, from) => String.fromCharCode(...[0, 1, 2, 3].map((place) => bytes.getUint8(from + place)));

/** @returns {{width: number, height: number} | null} null: it is no such picture, or it moves */
function ofPng(bytes) {
    if (
        bytes.byteLength < 33 ||
        !PNG.every((byte, place) => bytes.getUint8(place) === byte) ||
        nameAt(bytes, 12) !== "IHDR"
    ) {
        return null;
    }
    for (let from = 8; from + 8 <= bytes.byteLength; from += 12 + bytes.getUint32(from)) {
        const name = nameAt(bytes, from + 4);
        if (name === "acTL") {
            return null;
        }
        if (name === "IDAT") {
            return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
        }
    }
    return null;
}

function ofWebp(bytes) {
    if (bytes.byteLength < 30 || nameAt(bytes, 0) !== "RIFF" || nameAt(bytes, 8) !== "WEBP") {
        return null;
    }
    const at = (place) => bytes.getUint16(place, true);
    switch (nameAt(bytes, 12)) {
        case "VP8 ":
            return { width: at(26) & 0x3fff, height: at(28) & 0x3fff };
        case "VP8L": {
            const packed = bytes.getUint32(21, true);
            return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
        }
        case "VP8X": {
            const side = (place) => (bytes.getUint32(place, true) & 0xffffff) + 1;
            const height = (bytes.getUint32(26, true) >>> 8) + 1;
            return (bytes.getUint8(20) & ANIMATED) !== 0 ? null : { width: side(24), height };
        }
        default:
            return null;
    }
}

function ofJpeg(bytes) {
    if (bytes.byteLength < 4 || bytes.getUint16(0) !== 0xffd8) {
        return null;
    }
    let size = null;
    let scans = 0;
    for (let from = 2; from + 9 <= bytes.byteLength; ) {
        const mark = bytes.getUint8(from + 1);
        if (bytes.getUint16(from) === 0xffd9) {
            break; // its end
        }
        const isMark = bytes.getUint8(from) === 0xff && mark !== 0x00 && mark !== 0xff;
        if (!isMark || (mark >= 0xd0 && mark <= 0xd8)) {
            from++; // pixels of a scan, or a mark without contents
            continue;
        }
        if (isFrame(mark)) {
            if (size) {
                return null;
            }
            size = { width: bytes.getUint16(from + 7), height: bytes.getUint16(from + 5) };
        } else if (mark === 0xda && ++scans > MOST_SCANS) {
            return null;
        }
        from += 2 + bytes.getUint16(from + 2);
    }
    return size;
}

/** Returns whether a mark begins a JPEG's frame: three of the range mean something else. */
const isFrame = (mark) => mark >= 0xc0 && mark <= 0xcf && mark !== 0xc4 && mark !== 0xc8 && mark !== 0xcc;
