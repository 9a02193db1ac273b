package io.seleucia.chat.message;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An operator's order to keep out an account, a guest name or an address for a time.
 *
 * @param subject what is banned, in its {@linkplain Names#normal normal form}; an address of IPv6 as its network of 64
 *     bits, such as {@code 2001:db8:0:0::/64}
 * @param until when the ban ends, in whole milliseconds
 * @param reason a note for operators, which clients never see; may be empty
 * @param kind the kind of the ban's subject
 */
public record Ban(Kind kind, String subject, Instant until, String reason) {
    /** The longest time from now until a ban ends; {@code Broker.ban} refuses longer ones. */
    public static final Duration MAX_DURATION = Duration.ofDays(367);

    /** The longest reason, in UTF-16 characters. */
    public static final int MAX_REASON = 200;

    private static final Pattern TEXT = Pattern.compile("(-?\\d{1,18}) ([a-z]+) ([^\\t]+)\\t(.*)");
    private static final String V6_SUFFIX = "::/64";
    private static final Pattern V4 =
            Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}"); // four decimal numbers up to 255
    private static final Pattern V6_NETWORK = Pattern.compile("[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}");

    /** The kinds of subjects that a ban keeps out. */
    public enum Kind {
        /** A user that logs in, by name. A guest can't bear that name anyway. */
        ACCOUNT,
        /** A client without a login, by name. All names with the same {@linkplain Names#skeleton skeleton} are banned. */
        GUEST,
        /** All connections from an IPv4 address, or from an IPv6 network of 64 bits; see {@link Network}. */
        ADDRESS;

        /** {@return the kind as it is written in files, in Redis and in JSON: {@code account}} */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * {@return the kind with a {@link #wireName}, or empty if no kind has it}
         *
         * @param wireName the name on the wire
         */
        public static Optional<Kind> of(String wireName) {
            for (Kind kind : values()) {
                if (kind.wireName().equals(wireName)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Brings the subject into its normal form.
     *
     * @throws IllegalArgumentException if the subject is not a name or an address, or the reason is longer than {@value
     *     #MAX_REASON} characters or has control characters
     */
    public Ban {
        subject = normal(kind, subject);
        until = Instant.ofEpochMilli(Objects.requireNonNull(until, "until").toEpochMilli());
        Objects.requireNonNull(reason, "reason");
        if (reason.length() > MAX_REASON
                || reason.chars().anyMatch(Character::isISOControl)
                || !Names.isUnicode(reason)) {
            throw new IllegalArgumentException(
                    "a reason must be text of at most " + MAX_REASON + " characters, without control characters");
        }
    }

    /** {@return this ban in one line, as brokers store it: {@code until kind subject}, a tab, and the reason} */
    public String toText() {
        return until.toEpochMilli() + " " + kind.wireName() + " " + subject + "\t" + reason;
    }

    /**
     * {@return the ban that a text holds, or empty if the text is not one that {@link #toText} makes}
     *
     * @param text the text
     */
    public static Optional<Ban> parse(String text) {
        Matcher matcher = TEXT.matcher(Objects.requireNonNull(text, "text"));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Instant until = Instant.ofEpochMilli(Long.parseLong(matcher.group(1)));
        try {
            return Kind.of(matcher.group(2)).map(kind -> new Ban(kind, matcher.group(3), until, matcher.group(4)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Checks that this ban is in force now and ends within {@link #MAX_DURATION}.
     *
     * @throws IllegalArgumentException if it does not
     */
    public void requireInForce() {
        Instant now = Instant.now();
        if (!until.isAfter(now) || until.isAfter(now.plus(MAX_DURATION))) {
            throw new IllegalArgumentException(
                    "a ban must end in the future, within " + MAX_DURATION.toDays() + " days");
        }
    }

    /** {@return the key of this ban: there is one ban for each key at a time} */
    public String key() {
        return key(kind, subject);
    }

    /**
     * {@return the key of the ban that concerns a subject} Subjects that count as the same, such as two guest names that look
     * alike or two addresses of an IPv6 network, have the same key.
     *
     * @param kind the kind of the ban's subject
     * @param subject the subject of the ban
     * @throws IllegalArgumentException if the subject is not a name or an address
     */
    public static String key(Kind kind, String subject) {
        String normal = normal(kind, subject);
        return kind.wireName() + " " + (kind == Kind.GUEST ? Names.skeleton(normal) : normal);
    }

    private static String normal(Kind kind, String subject) {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(subject, "subject");
        if (kind == Kind.ADDRESS) {
            return network(subject.strip().toLowerCase(Locale.ROOT))
                    .orElseThrow(() -> new IllegalArgumentException(
                            "an address must be one of IPv4, such as 192.0.2.1, or of IPv6, or a network of IPv6 with"
                                    + " 64 bits, such as 2001:db8:1:2::/64"));
        }
        Optional<String> flaw = Names.flawOfClient(subject);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
        return Names.normal(subject);
    }

    private static Optional<String> network(String address) {
        if (V4.matcher(address).matches()) {
            return Optional.of(address);
        }
        boolean network = address.endsWith(V6_SUFFIX);
        String text = Network.textOf(network ? address.substring(0, address.length() - "/64".length()) : address);
        if (V4.matcher(text).matches()) {
            return Optional.of(text); // an address of IPv4 in a form of IPv6
        }
        return V6_NETWORK.matcher(text).matches() ? Optional.of(text + V6_SUFFIX) : Optional.empty();
    }
}
