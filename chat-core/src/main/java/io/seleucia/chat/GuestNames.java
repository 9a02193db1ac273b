package io.seleucia.chat;

/** Lets several guests have the same name, or not; see {@link ChatServerBuilder#guestNames}. */
public enum GuestNames {
    /** A guest may take the name of another, at the same time or later. */
    SHARED,
    /** A name belongs to one guest while a session has it, and for {@link ChatServerBuilder#guestNameHold} after. */
    RESERVED
}
