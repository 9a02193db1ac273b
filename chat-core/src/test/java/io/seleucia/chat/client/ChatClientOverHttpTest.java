package io.seleucia.chat.client;

import io.seleucia.chat.client.UpgradeBlocker.Mode;
import java.io.IOException;
import java.net.URI;
import org.junit.jupiter.api.AfterEach;

/** A program is promised the same where no WebSocket gets through. */
class ChatClientOverHttpTest extends ChatClientTest {
    private UpgradeBlocker network;

    ChatClientOverHttpTest() throws IOException {
        super();
    }

    @Override
    URI address(int port) throws IOException {
        if (network == null) {
            network = new UpgradeBlocker(port, Mode.REFUSE);
        }
        return network.uri();
    }

    @AfterEach
    void closeNetwork() throws IOException {
        if (network != null) {
            network.close();
        }
    }
}
