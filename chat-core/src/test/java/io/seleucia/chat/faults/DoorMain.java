package io.seleucia.chat.faults;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The far side of a {@link Door}, a process: {@code DoorMain SOCKET}. It ends when its standard input does. */
final class DoorMain {
    private DoorMain() {}

    public static void main(String[] arguments) throws IOException {
        Thread.ofPlatform().daemon().start(DoorMain::endWithParent);
        try (ServerSocketChannel door = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            door.bind(UnixDomainSocketAddress.of(arguments[0]));
            System.out.println("open");
            while (true) {
                SocketChannel near = door.accept();
                Thread.ofVirtual().start(() -> lead(near));
            }
        }
    }

    private static void lead(SocketChannel near) {
        try (near;
                SocketChannel far = SocketChannel.open(Door.destination(near))) {
            Door.join(near, far);
        } catch (IOException e) {
            // No connection, which the other side sees as its end.
        }
    }

    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is said there: it only must not end.
            }
        } catch (IOException e) {
            // That is an end as well.
        }
        Runtime.getRuntime().halt(1);
    }
}
