package io.seleucia.chat.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Jedis, which is on the class path of programs with a {@link RedisBroker} only. Knows none of its types, so that it can say
 * that they are missing.
 */
final class RedisLibrary {
    private static final int OLDEST = 8; // an earlier one lacks methods that are called
    private static final String MARK = "redis.clients.jedis.Connection";
    private static final String PROPERTIES = "META-INF/maven/redis.clients/jedis/pom.properties";

    private RedisLibrary() {}

    /** @throws IllegalStateException if Jedis is missing, or too old */
    static void check() {
        ClassLoader loader = RedisLibrary.class.getClassLoader();
        try {
            Class.forName(MARK, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(needs() + "; it is not there");
        }
        String version = version(loader);
        if (version.matches("\\d+\\..*") && Integer.parseInt(version, 0, version.indexOf('.'), 10) < OLDEST) {
            throw new IllegalStateException(needs() + "; it is version " + version);
        }
    }

    private static String needs() {
        return "a RedisBroker needs Jedis (redis.clients:jedis) " + OLDEST + ".0 or newer on the class path";
    }

    /** Returns the version, "" where the jar does not tell, as one that was repackaged. */
    private static String version(ClassLoader loader) {
        Properties properties = new Properties();
        try (InputStream in = loader.getResourceAsStream(PROPERTIES)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the version of Jedis can't be read", e);
        }
        return properties.getProperty("version", "");
    }
}
