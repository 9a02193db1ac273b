package io.seleucia.chat.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BanTest {
    private static Ban address(String subject) {
        return new Ban(Ban.Kind.ADDRESS, subject, Instant.EPOCH, "");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "2001:DB8::1, 2001:db8:0:0::/64",
        "2001:db8:1:2::/64, 2001:db8:1:2::/64",
        "2001:db8:0:0::/64, 2001:db8:0:0::/64",
        "::1, 0:0:0:0::/64",
        "fe80::1%eth0, fe80:0:0:0::/64",
        "::ffff:192.0.2.1, 192.0.2.1",
        "64:ff9b::c000:201, 192.0.2.1",
    })
    void takesAddressesByTheirNetwork(String given, String subject) {
        assertThat(address(given).subject()).isEqualTo(subject);
        assertThat(address(subject)).isEqualTo(address(given));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.org",
                "192.0.2",
                "192.0.2.256",
                "192.0.2.1.",
                "192.0.2.0/24",
                "2001:db8::/32",
                "::x",
                ":"
            })
    void takesNothingElseForAnAddress(String given) {
        assertThatThrownBy(() -> address(given)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void comparesGuestsByLooksAndAccountsByName() {
        assertThat(Ban.key(Ban.Kind.GUEST, "Bill")).isEqualTo(Ban.key(Ban.Kind.GUEST, "BIll"));
        assertThat(Ban.key(Ban.Kind.ACCOUNT, "Bill")).isNotEqualTo(Ban.key(Ban.Kind.ACCOUNT, "bill"));
    }

    @Test
    void hasAReasonInOneLine() {
        assertThatThrownBy(() -> new Ban(Ban.Kind.GUEST, "ada", Instant.EPOCH, "a\nb"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Ban(Ban.Kind.GUEST, "ada", Instant.EPOCH, "x".repeat(Ban.MAX_REASON + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
