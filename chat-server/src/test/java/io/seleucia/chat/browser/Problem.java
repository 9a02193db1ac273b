package io.seleucia.chat.browser;

/** Something that a page's developer would find in the console. */
public record Problem(Kind kind, String text) {
    /** What it came from. */
    public enum Kind {
        /** An error or a warning that the page wrote to the console. */
        CONSOLE,
        /** An exception or a rejected promise that nothing in the page caught. */
        EXCEPTION,
        /** Something that the page's Content-Security-Policy forbids. */
        POLICY,
        /** A resource or a WebSocket that could not be had. */
        NETWORK,
        /** Anything else that the browser finds fault with. */
        OTHER
    }
}
