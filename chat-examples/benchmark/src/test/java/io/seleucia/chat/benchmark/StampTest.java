package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StampTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 0x123456789abcdefL, Long.MIN_VALUE, Long.MAX_VALUE})
    void readsWhatItWrote(long time) {
        byte[] text = new byte[Stamp.LENGTH + 2];
        Stamp.write(text, 1, 24_999, Integer.MAX_VALUE, time);
        ByteBuffer buffer = ByteBuffer.wrap(text).order(Stamp.ORDER);

        assertThat(Stamp.sender(buffer, 1)).isEqualTo(24_999);
        assertThat(Stamp.sequence(buffer, 1)).isEqualTo(Integer.MAX_VALUE);
        assertThat(Stamp.time(buffer, 1)).isEqualTo(time);
        assertThat(new String(text, 1, Stamp.LENGTH, StandardCharsets.US_ASCII)).matches("[a-p]{32}");
        assertThat(text[0]).isZero();
        assertThat(text[Stamp.LENGTH + 1]).isZero();
    }
}
