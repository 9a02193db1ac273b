package io.seleucia.chat;

import io.seleucia.chat.broker.redis.RedisClusterProcesses;
import io.seleucia.chat.broker.redis.RedisServers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class ChatV1OverClusterTest extends ChatV1AcrossServers {
    private static RedisClusterProcesses cluster;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = RedisClusterProcesses.begin();
    }

    @AfterAll
    static void stopCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Override
    void flush() throws Exception {
        cluster.flush();
    }

    @Override
    RedisServers redis() {
        return cluster.servers();
    }
}
