package io.seleucia.chat.broker.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Checks that Jedis is on the class path, which only programs with a {@link RedisBroker} need. Uses no type of Jedis,
 * so that it can report that they are missing.
 */
final class JedisLibrary {
    private static final int OLDEST = 8; // earlier versions lack methods that are called
    private static final String PROPERTIES = "META-INF/maven/redis.clients/jedis/pom.properties";
    private static final String NEEDED =
            "a RedisBroker needs Jedis (redis.clients:jedis) " + OLDEST + ".0 or newer on the class path; it is ";

    private JedisLibrary() {}

    /** @throws IllegalStateException if Jedis is missing, or too old */
    static void check() {
        ClassLoader loader = JedisLibrary.class.getClassLoader();
        try {
            Class.forName("redis.clients.jedis.Connection", false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(NEEDED + "not there");
        }
        String version = version(loader);
        if (version.matches("\\d+\\..*") && Integer.parseInt(version, 0, version.indexOf('.'), 10) < OLDEST) {
            throw new IllegalStateException(NEEDED + "version " + version);
        }
    }

    /** Returns the version; "" if the jar does not tell, for example because it was repackaged. */
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
