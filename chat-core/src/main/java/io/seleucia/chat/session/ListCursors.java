package io.seleucia.chat.session;

import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * The places at which the server has stopped looking for channels that one session may list. A place is the name of a channel
 * that the client may not be able to see, so the client is given a number instead. The last few are known. Used by the inbound
 * loop.
 */
final class ListCursors {
    private static final int MAX = 4;

    private record Place(String prefix, String name) {}

    private final LinkedHashMap<String, Place> places = new LinkedHashMap<>(0); // the oldest first
    private long count;

    /** Returns a cursor of a name, in a list of channels with a prefix. */
    String of(String prefix, String name) {
        if (places.size() == MAX) {
            places.pollFirstEntry();
        }
        String cursor = Long.toString(++count);
        places.put(cursor, new Place(prefix, name));
        return cursor;
    }

    /** Returns the name of a cursor; empty if it is of another prefix, or not known any more. */
    Optional<String> name(String prefix, String cursor) {
        return Optional.ofNullable(places.get(cursor))
                .filter(place -> place.prefix.equals(prefix))
                .map(Place::name);
    }
}
