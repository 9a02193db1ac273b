package io.seleucia.chat.broker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** What a test does before a history is read, which may be to fail. Called by whoever reads. */
@FunctionalInterface
public interface Reading {
    /** Called before the messages after an offset are read. */
    void begin(String channel) throws UnavailableException;

    /** A broker that is another, but for that. */
    static Broker of(Broker broker, Reading reading) {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("historyAfter")) {
                        reading.begin((String) arguments[0]);
                    }
                    try {
                        return method.invoke(broker, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
