package io.seleucia.chat.server.management;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A proxy that serves a port below a path, as operators put one before the console. It passes the Host header on. */
final class SubPathProxy implements AutoCloseable {
    private final ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final String path;
    private final int target;

    /** @param path begins and ends with a slash */
    SubPathProxy(String path, int target) throws IOException {
        this.path = path;
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "http://localhost:" + port.getLocalPort() + path;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = port.accept();
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket server = new Socket("localhost", target)) {
            InputStream in = client.getInputStream();
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
                line.append((char) b);
            }
            OutputStream out = client.getOutputStream();
            if (!line.toString().contains(" " + path)) {
                out.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                return;
            }
            String rewritten = line.toString().replace(" " + path, " /") + "\n";
            server.getOutputStream().write(rewritten.getBytes(StandardCharsets.ISO_8859_1));
            Thread.ofVirtual().start(() -> pass(in, server));
            server.getInputStream().transferTo(out);
        } catch (IOException e) {
            // one of the two has left
        }
    }

    private static void pass(InputStream in, Socket server) {
        try {
            in.transferTo(server.getOutputStream());
        } catch (IOException e) {
            // one of the two has left
        }
    }

    @Override
    public void close() throws IOException {
        port.close();
    }
}
