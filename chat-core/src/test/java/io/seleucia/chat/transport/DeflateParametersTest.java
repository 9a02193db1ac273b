package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The negotiation of RFC 7692 §7.1, from offer to answer. */
class DeflateParametersTest {
    private static final String NO_TAKEOVER = "; server_no_context_takeover; client_no_context_takeover";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate                                                | ''",
                "permessage-deflate; client_max_window_bits                        | ''",
                "permessage-deflate; client_max_window_bits=8                      | ''",
                "permessage-deflate; client_max_window_bits=15                     | ''",
                "permessage-deflate;server_no_context_takeover                     | ''",
                "permessage-deflate ; client_no_context_takeover                   | ''",
                "permessage-deflate; server_max_window_bits=9                      | ; server_max_window_bits=9",
                "permessage-deflate; server_max_window_bits = 12                   | ; server_max_window_bits=12",
                "permessage-deflate; server_max_window_bits=\"15\"                 | ; server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits=\"1\\0\"               | ; server_max_window_bits=10",
            })
    void agreesWithoutContextTakeover(String offer, String rest) throws HandshakeException {
        assertThat(answer(offer, false)).contains("permessage-deflate" + NO_TAKEOVER + rest);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "permessage-deflate                                                | ''",
                "permessage-deflate; server_no_context_takeover                    | ; server_no_context_takeover",
                "permessage-deflate; client_no_context_takeover                    | ; client_no_context_takeover",
                "permessage-deflate; server_max_window_bits=15                     | ; server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits=9 | ; server_no_context_takeover; server_max_window_bits=9",
            })
    void keepsContextsWhereItIsToldTo(String offer, String rest) throws HandshakeException {
        assertThat(answer(offer, true)).contains("permessage-deflate" + rest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate; server_max_window_bits", // needs a value
                "permessage-deflate; server_max_window_bits=8", // zlib has no window that small
                "permessage-deflate; server_max_window_bits=7",
                "permessage-deflate; server_max_window_bits=16",
                "permessage-deflate; server_max_window_bits=010", // no leading zeroes
                "permessage-deflate; server_max_window_bits=1e1",
                "permessage-deflate; client_max_window_bits=7",
                "permessage-deflate; client_max_window_bits=09",
                "permessage-deflate; server_no_context_takeover=true", // takes no value
                "permessage-deflate; client_no_context_takeover=1",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover", // twice
                "permessage-deflate; client_max_window_bits=10; client_max_window_bits=11",
                "permessage-deflate; unknown",
                "permessage-deflate; Server_No_Context_Takeover",
                "x-webkit-deflate-frame",
                "permessage-bzip2",
                ""
            })
    void declinesWhatItCanNotMeet(String offer) throws HandshakeException {
        assertThat(answer(offer, false)).isEmpty();
    }

    @Test
    void takesTheFirstOfferThatItCanMeet() throws HandshakeException {
        assertThat(answer(
                        "permessage-foo; x=1, permessage-deflate; server_max_window_bits=8,"
                                + " permessage-deflate; server_max_window_bits=10, permessage-deflate",
                        false))
                .contains("permessage-deflate" + NO_TAKEOVER + "; server_max_window_bits=10");
    }

    @Test
    void readsOffersOverSeveralLines() throws HandshakeException {
        Optional<DeflateParameters> agreed = DeflateParameters.negotiate(
                List.of("permessage-foo", "permessage-deflate; server_max_window_bits=11"), false);

        assertThat(agreed.map(DeflateParameters::serverWindowBits)).contains(11);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate;",
                "permessage-deflate; =9",
                "permessage deflate",
                "permessage-deflate; server_max_window_bits=",
                "permessage-deflate; server_max_window_bits=\"",
                "permessage-deflate; server_max_window_bits=\"1 0\"",
                "; server_max_window_bits=9"
            })
    void refusesWhatIsNoListOfExtensions(String field) {
        assertThatThrownBy(() -> answer(field, false))
                .hasMessage("Sec-WebSocket-Extensions must be a list of extensions")
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refused -> assertThat(refused.status()).isEqualTo(400));
    }

    private static Optional<String> answer(String offer, boolean takeover) throws HandshakeException {
        return DeflateParameters.negotiate(List.of(offer), takeover).map(DeflateParameters::answer);
    }
}
