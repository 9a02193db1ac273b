package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The peer is trusted, and so are 10.0.0.0/8, 2001:db8:aaaa::/48 and Unix domain sockets. */
class ForwardedTest {
    private static final TrustedProxies TRUSTED =
            TrustedProxies.of(List.of("10.0.0.0/8", "2001:db8:aaaa::/48", "unix"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.1                            | 192.0.2.1:0",
                "192.0.2.1:4711                       | 192.0.2.1:4711",
                "2001:db8::1                          | 2001:db8:0:0:0:0:0:1:0",
                "[2001:db8::1]                        | 2001:db8:0:0:0:0:0:1:0",
                "[2001:db8::1]:99                     | 2001:db8:0:0:0:0:0:1:99",
                "203.0.113.9, 192.0.2.1               | 192.0.2.1:0",
                "203.0.113.9, 192.0.2.1, 10.0.0.1     | 192.0.2.1:0",
                "203.0.113.9,192.0.2.1,10.1.1.1:5,unix: | 192.0.2.1:0",
                "192.0.2.1, 2001:db8:aaaa::5          | 192.0.2.1:0",
                "garbage, 192.0.2.1                   | 192.0.2.1:0",
                "10.0.0.7, 10.0.0.8                   | 10.0.0.7:0",
                "192.0.2.1, garbage                   | none",
                "192.0.2.1, unknown, 10.0.0.8         | none",
                "192.0.2.1:65536                      | none",
                "192.0.2.1:                           | none",
                "[2001:db8::1                         | none",
                "[2001:db8::1]80                      | none",
                "192.0.2.01                           | none",
                "localhost                            | none",
                "," + "                                    | none"
            })
    void takesTheLastHopThatIsNotTrusted(String field, String client) throws Exception {
        assertThat(clientOf("X-Forwarded-For: " + field)).isEqualTo(client);
    }

    @Test
    void joinsTheLinesOfAField() throws Exception {
        assertThat(clientOf("X-Forwarded-For: 203.0.113.9", "x-forwarded-for: 192.0.2.1"))
                .isEqualTo("192.0.2.1:0");
        assertThat(clientOf("Forwarded: for=203.0.113.9", "Forwarded: for=192.0.2.1"))
                .isEqualTo("192.0.2.1:0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "for=192.0.2.1                                   | 192.0.2.1:0",
                "For=\"192.0.2.1:4711\"                          | 192.0.2.1:4711",
                "for=\"[2001:db8::1]:99\";proto=https;by=_x      | 2001:db8:0:0:0:0:0:1:99",
                "for=\"\\192.0.2.1\"                             | 192.0.2.1:0",
                "for=203.0.113.9, for=192.0.2.1 ; by=10.0.0.1    | 192.0.2.1:0",
                "for=192.0.2.1, for=10.0.0.1;by=10.0.0.2         | 192.0.2.1:0",
                "for=\"a,for=203.0.113.9\", for=192.0.2.1        | 192.0.2.1:0",
                ", for=192.0.2.1,                                | 192.0.2.1:0",
                "for=unknown                                     | none",
                "for=_hidden, for=10.0.0.1                       | none",
                "proto=https                                     | none",
                "for=192.0.2.1, proto=https                      | none",
                "for=2001:db8::1                                 | malformed",
                "for=\"192.0.2.1                                 | malformed",
                "for=192.0.2.1;for=192.0.2.2                     | malformed",
                "for=192.0.2.1 by=10.0.0.1                       | malformed",
                "for = 192.0.2.1                                 | malformed",
                "for=                                            | malformed",
                "=192.0.2.1                                      | malformed",
                "for                                             | malformed",
                "for=\"192.0.2.1\"x                              | malformed",
                "for=\"192.0.2.1\\                               | malformed"
            })
    void readsTheFieldOfRfc7239(String field, String client) throws Exception {
        if (client.equals("malformed")) {
            assertThatThrownBy(() -> clientOf("Forwarded: " + field))
                    .isInstanceOf(HandshakeException.class)
                    .hasMessageContaining("Forwarded is malformed");
        } else {
            assertThat(clientOf("Forwarded: " + field)).isEqualTo(client);
        }
    }

    @Test
    void refusesFieldsThatNameDifferentClients() throws Exception {
        assertThat(clientOf("X-Forwarded-For: 203.0.113.9, 192.0.2.1", "Forwarded: for=\"192.0.2.1:7\""))
                .isEqualTo("192.0.2.1:7");
        assertThatThrownBy(() -> clientOf("X-Forwarded-For: 192.0.2.1", "Forwarded: for=203.0.113.9"))
                .isInstanceOf(HandshakeException.class)
                .hasMessageContaining("must set one of them and remove the other");
        assertThatThrownBy(() -> clientOf("X-Forwarded-For: 192.0.2.1", "Forwarded: for=unknown"))
                .isInstanceOf(HandshakeException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: HTTPS\nX-Forwarded-Host: chat.example:444",
                "X-Forwarded-For: 192.0.2.1, 10.0.0.1\nX-Forwarded-Proto: ftp, https, http\n"
                        + "X-Forwarded-Host: a.example, chat.example:444, inner",
                "X-Forwarded-For: 192.0.2.1, 10.0.0.1, 10.0.0.2\nX-Forwarded-Proto: https\nX-Forwarded-Host: chat.example:444",
                "Forwarded: for=192.0.2.1;proto=https;host=\"chat.example:444\", for=10.0.0.1;proto=http;host=inner",
                "X-Forwarded-Proto: https\nX-Forwarded-Host: chat.example:444"
            })
    void tellsSchemeAndHostOfTheClientsHop(String lines) throws Exception {
        Forwarded forwarded = of(lines.split("\n"));
        assertThat(forwarded.scheme()).contains("https");
        assertThat(forwarded.host()).contains("chat.example:444");
    }

    @Test
    void ignoresASchemeAndAHostThatAreNone() throws Exception {
        Forwarded forwarded = of("X-Forwarded-Proto: gopher", "X-Forwarded-Host: a b");
        assertThat(forwarded).isEqualTo(Forwarded.NOTHING);
        assertThat(of()).isEqualTo(Forwarded.NOTHING);
    }

    private static Forwarded of(String... lines) throws HandshakeException {
        return Forwarded.of(new HttpHead("GET", "/", 1, List.of(lines)), TRUSTED);
    }

    private static String clientOf(String... lines) throws HandshakeException {
        return of(lines)
                .client()
                .map(client -> client.getAddress().getHostAddress() + ":" + client.getPort())
                .orElse("none");
    }
}
