package io.seleucia.chat.examples.benchmark.scaling;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** As much of Redis' protocol as it takes to ask for one text at a time. All methods block, for ten seconds at the most. */
final class RedisConnection implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket = new Socket();
    private final OutputStream out;
    private final DataInputStream in;

    /** Connects to {@code redis://[user:password@]host[:port]}. */
    RedisConnection(URI url) throws IOException {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            int port = url.getPort() < 0 ? 6379 : url.getPort();
            socket.connect(new InetSocketAddress(url.getHost(), port), TIMEOUT_MILLIS);
            out = socket.getOutputStream();
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            if (url.getUserInfo() != null) {
                String[] login = url.getUserInfo().split(":", 2);
                ask("AUTH", login[0].isEmpty() ? "default" : login[0], login[login.length - 1]);
            }
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * What Redis answers: a text, or a number as a text.
     *
     * @throws IOException also if it answers with an error
     */
    String ask(String... words) throws IOException {
        StringBuilder command = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            command.append('$')
                    .append(word.getBytes(StandardCharsets.UTF_8).length)
                    .append("\r\n")
                    .append(word)
                    .append("\r\n");
        }
        out.write(command.toString().getBytes(StandardCharsets.UTF_8));
        String line = line();
        return switch (line.charAt(0)) {
            case '+', ':' -> line.substring(1);
            case '$' -> text(Integer.parseInt(line.substring(1)));
            default -> throw new IOException("Redis says " + line + " to " + words[0]);
        };
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("Redis has ended the connection");
            }
            line.append((char) next);
        }
        if (line.length() < 2) {
            throw new IOException("Redis answers an empty line");
        }
        return line.substring(0, line.length() - 1);
    }

    private String text(int length) throws IOException {
        byte[] text = new byte[length];
        in.readFully(text);
        in.skipNBytes(2);
        return new String(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
