package io.seleucia.chat.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The part that one proxy has added to the field {@code Forwarded} (RFC 7239 §4).
 *
 * @param pairs the values by name, in lower case
 */
record ForwardedElement(Map<String, String> pairs) {
    /** Returns the value of a parameter. */
    Optional<String> value(String name) {
        return Optional.ofNullable(pairs.get(name));
    }

    /**
     * Parses the field, over all of its lines. Strict: a quote that a client leaves open would hide what the proxy has added.
     *
     * @throws HandshakeException if the field is malformed
     */
    static List<ForwardedElement> all(String field) throws HandshakeException {
        return new Parser(field).elements();
    }

    /** Reads one field from its beginning to its end. */
    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        List<ForwardedElement> elements() throws HandshakeException {
            List<ForwardedElement> elements = new ArrayList<>();
            while (at < text.length()) {
                Map<String, String> pairs = element();
                if (!pairs.isEmpty()) { // an empty member of a list is none (RFC 9110 §5.6.1)
                    elements.add(new ForwardedElement(pairs));
                }
                if (at < text.length()) {
                    expect(',');
                }
            }
            return elements;
        }

        private Map<String, String> element() throws HandshakeException {
            Map<String, String> pairs = new HashMap<>();
            skipSpace();
            while (at < text.length() && text.charAt(at) != ',') {
                if (text.charAt(at) != ';') {
                    String name = token().toLowerCase(Locale.ROOT);
                    expect('=');
                    if (pairs.put(name, value()) != null) {
                        throw malformed();
                    }
                    skipSpace();
                }
                if (at < text.length() && text.charAt(at) != ',') {
                    expect(';');
                    skipSpace();
                }
            }
            return pairs;
        }

        private String token() throws HandshakeException {
            int begin = at;
            while (at < text.length() && HttpHead.isToken(text.substring(at, at + 1))) {
                at++;
            }
            if (at == begin) {
                throw malformed();
            }
            return text.substring(begin, at);
        }

        private String value() throws HandshakeException {
            if (at == text.length() || text.charAt(at) != '"') {
                return token();
            }
            at++;
            StringBuilder value = new StringBuilder();
            while (at < text.length() && text.charAt(at) != '"') {
                if (text.charAt(at) == '\\') {
                    at++;
                }
                if (at < text.length()) {
                    value.append(text.charAt(at));
                    at++;
                }
            }
            expect('"');
            return value.toString();
        }

        private void skipSpace() {
            while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
                at++;
            }
        }

        private void expect(char c) throws HandshakeException {
            if (at == text.length() || text.charAt(at) != c) {
                throw malformed();
            }
            at++;
        }

        private static HandshakeException malformed() {
            return new HandshakeException(
                    400, "Forwarded is malformed: it must be a list of for=, by=, host= and proto= as in RFC 7239");
        }
    }
}
