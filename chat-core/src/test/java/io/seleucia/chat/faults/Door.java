package io.seleucia.chat.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The way from a test to a host of its {@link Network}: a process there makes the connections, and the test reaches it by
 * a socket in the file system, which every namespace sees. So what is between that host and another is the kernel's own.
 */
final class Door implements AutoCloseable {
    private static final int CHUNK = 16 * 1024;
    private static final long PATIENCE_SECONDS = 30;

    private final Path directory;
    private final UnixDomainSocketAddress address;
    private final Process process;
    private final Map<InetSocketAddress, ServerSocketChannel> ways = new ConcurrentHashMap<>();

    private Door(Path directory, Process process) {
        this.directory = directory;
        this.address = UnixDomainSocketAddress.of(directory.resolve("door"));
        this.process = process;
    }

    /** Opens one. It ends with this process at the latest. */
    static Door at(Host host) throws IOException {
        Path directory = Files.createTempDirectory("door");
        Process process = new ProcessBuilder(host.command(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DoorMain.class.getName(),
                        directory.resolve("door").toString())))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Door door = new Door(directory, process);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        if (out.readLine() == null) {
            door.close();
            throw new IOException("the door does not open");
        }
        return door;
    }

    /** A port on the test's loopback interface from which connections go there. */
    int to(String host, int port) throws IOException {
        InetSocketAddress target = new InetSocketAddress(host, port);
        ServerSocketChannel way = ways.get(target);
        if (way == null) {
            way = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
            ServerSocketChannel accepting = way;
            ways.put(target, way);
            Thread.ofVirtual().name("door-accept").start(() -> accept(accepting, target));
        }
        return ((InetSocketAddress) way.getLocalAddress()).getPort();
    }

    private void accept(ServerSocketChannel way, InetSocketAddress target) {
        while (way.isOpen()) {
            try {
                SocketChannel near = way.accept();
                Thread.ofVirtual().name("door").start(() -> lead(near, target));
            } catch (IOException e) {
                // Closed; or this connection did not come about.
            }
        }
    }

    private void lead(SocketChannel near, InetSocketAddress target) {
        try (near;
                SocketChannel far = SocketChannel.open(address)) {
            ByteBuffer where =
                    ByteBuffer.allocate(6).put(target.getAddress().getAddress()).putShort((short) target.getPort());
            far.write(where.flip());
            join(near, far);
        } catch (IOException e) {
            // No connection, which the other side sees as its end.
        }
    }

    /** Where a connection that was led to a door is to go. */
    static InetSocketAddress destination(SocketChannel connection) throws IOException {
        ByteBuffer where = ByteBuffer.allocate(6);
        while (where.hasRemaining() && connection.read(where) >= 0) {
            // There is more to come.
        }
        where.flip();
        byte[] host = new byte[4];
        where.get(host);
        return new InetSocketAddress(
                (Inet4Address) InetAddress.getByAddress(host), Short.toUnsignedInt(where.getShort()));
    }

    /** Carries bytes both ways until either connection ends, which ends the other. */
    static void join(SocketChannel one, SocketChannel other) {
        Thread.ofVirtual().name("door-back").start(() -> carry(other, one));
        carry(one, other);
    }

    private static void carry(SocketChannel from, SocketChannel to) {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        try (from;
                to) {
            while (from.read(chunk) >= 0) {
                chunk.flip();
                while (chunk.hasRemaining()) {
                    to.write(chunk);
                }
                chunk.clear();
            }
        } catch (IOException e) {
            // One of them has ended, and now both have.
        }
    }

    @Override
    public void close() throws IOException {
        for (ServerSocketChannel way : ways.values()) {
            way.close();
        }
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        Files.deleteIfExists(address.getPath());
        Files.delete(directory);
    }
}
