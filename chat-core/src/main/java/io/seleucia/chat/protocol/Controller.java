package io.seleucia.chat.protocol;

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
 * What clients of the protocol {@code XSocketsNET} may call: the public methods of a class, by their names. Each
 * connection that opens the controller is served by an object of its own.
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
 * <p>A method with one parameter is given the whole of what was sent; one with several is given the fields of an object,
 * by the parameters' names, for which its class must be compiled with {@code -parameters}. (Records keep the names of
 * their components without it.) One without parameters ignores what was sent. Parameters can be whatever Gson reads:
 * strings, numbers, booleans, enums, records, classes, lists, a {@code JsonElement}; in modules, Gson needs the package
 * of records and classes to be opened to it. What does not fit is answered with an error, and the method not called.
 *
 * <p>A method {@code onMessage(String topic, X data)} is given all that there is no other method for. If there is none,
 * anything that a client sends under another topic goes to all clients that have subscribed to that topic here: so a
 * controller whose subscribers trust what {@link Caller#publish} sends them has one, and be it empty.
 *
 * <p>Not callable are methods of {@link Object}, static ones, those that are not public, and, of an {@link
 * AutoCloseable}, {@code close}, which the server calls when the client closes the controller or its connection has
 * ended. All calls of one object come from its connection's thread, one at a time; they may block, for some seconds, and
 * delay nobody else. An exception is logged, and the client is told no more than that the call failed.
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

    /**
     * Looks up the methods, once.
     *
     * @param name case does not matter
     * @param type the class whose public methods can be called, or an interface or superclass that shows only some
     * @param factory makes the object for a connection, in its thread. The controller is open when it returns: before
     *     that nothing is sent to the client, and an exception is answered like a method's
     * @throws IllegalArgumentException if the name or the class won't do; the message says why
     */
    public Controller(String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory) {
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

    /** Its name, in lower case. */
    public String name() {
        return name;
    }

    /** The method that is called for a topic; if none, the topic is pub/sub's. */
    Optional<ControllerMethod> method(String topic) {
        ControllerMethod method = methods.get(topic);
        return method == null ? onMessage : Optional.of(method);
    }

    C objectFor(Caller<C> caller) {
        return factory.apply(caller);
    }

    /**
     * Lets go of an object. What goes wrong with that is nobody's business but the log's.
     *
     * @param client the address of the client that it served
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
