package io.seleucia.chat.message;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Names that no client may bear, for others would take it for the server or its operator: {@code operator}, {@code
 * server}, {@code redis}, and those that a setting adds, all with the names that look like them.
 */
public final class ReservedNames {
    /** Those that are always reserved, and no others. */
    public static final ReservedNames DEFAULT = of(List.of());

    private final Set<String> skeletons;

    private ReservedNames(Set<String> skeletons) {
        this.skeletons = skeletons;
    }

    /**
     * Adds names to those that are always reserved.
     *
     * @param more the names beside those that are always reserved
     * @return all reserved names
     * @throws IllegalArgumentException if one can't be a client id
     */
    public static ReservedNames of(Collection<String> more) {
        Objects.requireNonNull(more, "more");
        Set<String> skeletons = new HashSet<>(List.of("operator", "server", "redis"));
        skeletons.addAll(more);
        for (String name : skeletons) {
            Optional<String> flaw = Names.flawOfClient(Objects.requireNonNull(name, "more has null in it"));
            if (flaw.isPresent()) {
                throw new IllegalArgumentException(flaw.get());
            }
        }
        return new ReservedNames(
                Set.copyOf(skeletons.stream().map(Names::skeleton).toList()));
    }

    /**
     * {@return whether a name is reserved, or looks like one that is}
     *
     * @param name the name
     */
    public boolean include(String name) {
        return skeletons.contains(Names.skeleton(name));
    }
}
