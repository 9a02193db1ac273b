package io.seleucia.chat;

/** To a client in the same process the server is no other than to one behind a network. */
class ChatV1WithoutPortTest extends ChatV1InMemoryTest {
    @Override
    ChatServerBuilder settings() {
        return ChatServer.builder().withoutPort();
    }

    @Override
    TestClient connect(ChatServer server, String subprotocol) {
        return TestClient.over(server.connect(subprotocol));
    }
}
