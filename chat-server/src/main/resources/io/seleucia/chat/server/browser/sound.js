/* A short, soft sound, made here and not loaded. */

const PAUSE = 3_000; // milliseconds between two at the least
let context = null;
let last = -Infinity;

/** Plays it, unless it was played just now, or the browser does not let a page that was not touched. */
export function chime() {
    if (performance.now() - last < PAUSE || !globalThis.AudioContext) {
        return;
    }
    last = performance.now();
    context ??= new AudioContext();
    const volume = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { frequency: 660 });
    const now = context.currentTime;
    volume.gain.linearRampToValueAtTime(0.06, now + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.4);
    tone.connect(volume).connect(context.destination);
    tone.start(now);
    tone.stop(now + 0.4);
}
