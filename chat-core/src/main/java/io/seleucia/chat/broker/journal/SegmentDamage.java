package io.seleucia.chat.broker.journal;

/**
 * Bytes of a segment that are not records; no bytes if the segment ends too early.
 *
 * @param magic the segment's magic number; 0 if it is unknown
 * @param to the first byte after the damage
 * @param atEnd whether no record follows in the segment
 * @param torn whether the bytes are the beginning of an unfinished record
 */
public record SegmentDamage(long segment, int magic, long from, long to, boolean atEnd, boolean torn) {}
