package io.seleucia.chat.session;

/** The limits of one session; see {@code Limits} for the meaning of each. */
public record SessionLimits(int channels, int messagesPerSecond, int burst) {}
