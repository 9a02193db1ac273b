package io.seleucia.chat.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatV1Test {
    private static final String DEEP = "[".repeat(64) + "]".repeat(64);
    private final ChatV1 protocol = new ChatV1();

    private String answer(String frame) {
        Request request = protocol.decode(Payload.of(frame));
        assertThat(request.command()).isInstanceOf(Command.Malformed.class);
        String why = ((Command.Malformed) request.command()).why();
        return protocol.encode(request, new Event.Failed(ErrorCode.BAD_REQUEST, why))
                .orElseThrow()
                .asString();
    }

    /** A client can only fail the request that its answer names. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"\\ud800\"}",
                "{\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"\\ud800\",\"id\":7}",
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"\\ud800\",\"data\":1}",
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":DEEP}",
                "{\"type\":\"publish\",\"channel\":\"lobby\",\"data\":DEEP,\"id\":7}",
                "{\"type\":\"publish\",\"channel\":\"lobby\",\"data\":{\"id\":8,\"a\":DEEP},\"id\":7}",
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":NaN}",
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":",
                "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"a\"}}",
                "{\"id\":7,\"type\":3}"
            })
    void anErrorBearsTheIdThatCanBeRead(String frame) {
        assertThat(answer(frame.replace("DEEP", DEEP))).startsWith("{\"id\":7,\"type\":\"error\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"ping\"}",
                "{\"id\":\"7\",\"type\":\"ping\"}",
                "{\"id\":0,\"type\":\"ping\"",
                "{\"id\":7.5,\"type\":NaN}",
                "{\"data\":{\"id\":7},\"type\":NaN}",
                "[{\"id\":7}]",
                "hello"
            })
    void anErrorHasNoIdIfNoneCanBeRead(String frame) {
        assertThat(answer(frame)).startsWith("{\"type\":\"error\"");
    }
}
