package io.seleucia.chat.protocol.xsockets;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Names;
import java.lang.System.Logger;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The public methods of a class, which clients of the protocol {@code XSocketsNET} call by their names. Each connection that
 * opens the controller has an object of its own.
 *
 * <pre>{@code
 * public final class Stock {
 *     private final Caller<Stock> caller;
 *     private volatile double limit;
 *
 *     public Stock(Caller<Stock> caller) {
 *         this.caller = caller;
 *     }
 *
 *     public void limit(double limit) { // {"c":"stock","t":"limit","d":20.5}
 *         this.limit = limit;
 *     }
 *
 *     public int buy(Order order) { // the result goes back under the topic "buy"
 *         caller.invokeTo(other -> other.limit > order.price(), order, "bought");
 *         return order.quantity();
 *     }
 * }
 *
 * server.controller("stock", Stock.class, Stock::new);
 * }</pre>
 *
 * <p>A method with one parameter takes all data of the message. One with several takes the fields of an object by the
 * parameters' names; its class must be compiled with {@code -parameters}, which records do not need. One without parameters
 * ignores the data. Gson reads the parameters: strings, numbers, booleans, enums, records, classes, lists, a {@code
 * JsonElement}; modules must open the packages of records and classes to Gson. If the data does not fit, the client gets an
 * error, and the method is not called.
 *
 * <p>A method {@code onMessage(String topic, X data)} takes the messages that no other method takes. Without it, they go to
 * all clients that have subscribed to their topics here. So a controller whose subscribers trust {@link Caller#publish}
 * needs the method, even if it is empty.
 *
 * <p>The server's rules ({@link io.seleucia.chat.auth.Authorizer}) do not cover methods: any client that may connect can open
 * the controller and call them. They cover the messages that the server itself passes on, with the controller's name for the
 * channel: subscribing to a topic needs the right {@code subscribe}, and a message that no method takes needs {@code publish}
 * and {@code signal}. A method that passes on more asks {@link Caller#mayReceive} and {@link Caller#maySend}.
 *
 * <p>Not callable are methods of {@link Object}, static ones, those that are not public, and, of an {@link
 * AutoCloseable}, {@code close}, which the server calls when the client closes the controller or its connection has
 * ended. All calls of one object come from its connection's thread, one at a time; they may block for some seconds, and
 * delay no other client. An exception is logged, and the client learns only that the call failed.
 *
 * @param <C> the class
 */
public final class Controller<C> {
    private static final Logger LOG = System.getLogger(Controller.class.getName());
    private static final String ON_MESSAGE = "onmessage";

    private final String name;
    private final Function<? super Caller<C>, ? extends C> factory;
    private final Map<String, ControllerMethod> methods = new HashMap<>(); // by name, in lower case
    private final Optional<ControllerMethod> onMessage;
    private final boolean relays;

    /**
     * Looks up the methods, once.
     *
     * @param name case does not matter
     * @param type the class whose public methods can be called, or an interface or superclass that shows only some
     * @param factory makes the object for a connection, in its thread. The controller is open when it returns: before
     *     that nothing is sent to the client, and an exception is answered like a method's
     * @throws IllegalArgumentException if the name or the class is unsuitable; the message says why
     */
    public Controller(String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory) {
        this(name, type, factory, false);
    }

    private Controller(String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory, boolean relays) {
        this.relays = relays;
        this.name = lower(name);
        this.factory = factory;
        try {
            check(this.name, type);
            for (Method method : type.getMethods()) {
                if (isCallable(method, type)) {
                    add(method);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("controller " + name + ": " + e.getMessage(), e);
        }
        onMessage = Optional.ofNullable(methods.remove(ON_MESSAGE));
    }

    /** Creates a controller of the server's own that passes on what its clients send, if the rules allow it. */
    static <C> Controller<C> relay(String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory) {
        return new Controller<>(name, type, factory, true);
    }

    private static void check(String name, Class<?> type) {
        Optional<String> flaw = Names.flawOfTopic(name);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
        if (type.isRecord()) {
            throw new IllegalArgumentException("it must not be a record, whose accessors could be called");
        }
    }

    private static boolean isCallable(Method method, Class<?> type) {
        boolean ofObject = Arrays.stream(Object.class.getMethods()).anyMatch(other -> isSame(method, other));
        boolean release = AutoCloseable.class.isAssignableFrom(type)
                && method.getName().equals("close")
                && method.getParameterCount() == 0;
        return !ofObject && !release && !method.isSynthetic() && !Modifier.isStatic(method.getModifiers());
    }

    private static boolean isSame(Method one, Method other) {
        return one.getName().equals(other.getName())
                && Arrays.equals(one.getParameterTypes(), other.getParameterTypes());
    }

    private void add(Method method) {
        String topic = lower(method.getName());
        boolean takesTopic = topic.equals(ON_MESSAGE);
        if (takesTopic && (method.getParameterCount() != 2 || method.getParameterTypes()[0] != String.class)) {
            throw new IllegalArgumentException("onMessage must take a String, which is the topic, and what was sent");
        }
        if (methods.put(topic, new ControllerMethod(method, takesTopic)) != null) {
            throw new IllegalArgumentException(
                    "several methods are called " + method.getName() + ", and clients can't tell them apart");
        }
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** {@return the controller's name, in lower case} */
    public String name() {
        return name;
    }

    /** Returns whether it passes on what its clients send, so that the rules are asked before a call. */
    boolean relays() {
        return relays;
    }

    /** Returns the method for a topic, if there is one; other topics are published. */
    Optional<ControllerMethod> method(String topic) {
        ControllerMethod method = methods.get(topic);
        return method == null ? onMessage : Optional.of(method);
    }

    C objectFor(Caller<C> caller) {
        return factory.apply(caller);
    }

    /**
     * Closes an object, if it is closeable. A failure is logged.
     *
     * @param client the address of its client
     */
    void release(C object, String client) {
        if (object instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Throwable e) {
                Loop.report(LOG, "closing the controller " + name + " of " + client, e);
            }
        }
    }
}
