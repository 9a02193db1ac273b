package io.seleucia.chat.protocol.xsockets;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.TypeAdapter;
import io.seleucia.chat.protocol.json.Json;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A public method that clients may call, with arguments and a result in JSON. Any thread may call. */
final class ControllerMethod {
    private static final MethodType CALL = MethodType.methodType(Object.class, Object.class, Object[].class);

    /** @param adapter reads the argument from JSON */
    private record Argument(String name, Class<?> type, TypeAdapter<?> adapter) {}

    private final String name;
    private final MethodHandle handle; // of type CALL
    private final List<Argument> arguments; // without the topic
    private final boolean takesTopic;
    private final boolean answers;

    /**
     * @param takesTopic whether the first parameter is the topic, a string
     * @throws IllegalArgumentException if clients can't call the method
     */
    ControllerMethod(Method method, boolean takesTopic) {
        this.name = method.getName();
        this.takesTopic = takesTopic;
        this.answers = method.getReturnType() != void.class;
        this.handle = handle(method);
        this.arguments = arguments(method, takesTopic ? 1 : 0);
    }

    private static MethodHandle handle(Method method) {
        if (!method.trySetAccessible()) {
            throw new IllegalArgumentException(
                    method + " can't be reached: its class must be public, in a package that its module exports");
        }
        try {
            return MethodHandles.lookup()
                    .unreflect(method)
                    .asFixedArity()
                    .asSpreader(Object[].class, method.getParameterCount())
                    .asType(CALL);
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException(method + " can't be reached", e);
        }
    }

    private static List<Argument> arguments(Method method, int from) {
        List<Argument> arguments = new ArrayList<>();
        Parameter[] parameters = method.getParameters();
        for (int i = from; i < parameters.length; i++) {
            if (parameters.length - from > 1 && !parameters[i].isNamePresent()) {
                throw new IllegalArgumentException("the parameters of " + method.getName()
                        + " have no names: compile its class with -parameters, or let it take one record");
            }
            Type type = parameters[i].getParameterizedType();
            if (type instanceof TypeVariable) {
                throw new IllegalArgumentException(
                        "a parameter of " + method.getName() + " is of type " + type + ", which can be anything");
            }
            arguments.add(new Argument(parameters[i].getName(), parameters[i].getType(), adapter(type, method)));
        }
        return List.copyOf(arguments);
    }

    private static TypeAdapter<?> adapter(Type type, Method method) {
        try {
            return Json.adapter(type);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "a parameter of " + method.getName() + " can't be read from JSON: " + e.getMessage(), e);
        }
    }

    /**
     * Calls the method. Blocks as long as it does.
     *
     * @return the result as JSON text; empty if the method is void
     * @throws Json.MalformedException if the data does not fit; the method is not called then
     * @throws IllegalStateException if the method threw an exception, or its result can't be written
     */
    Optional<String> call(Object controller, String topic, JsonElement data) throws Json.MalformedException {
        Object[] values = bind(topic, data);
        try {
            Object result = (Object) handle.invokeExact(controller, values);
            return answers ? Optional.of(Json.text(result)) : Optional.empty();
        } catch (Throwable e) {
            throw new IllegalStateException(controller.getClass().getName() + "." + name + " failed", e);
        }
    }

    private Object[] bind(String topic, JsonElement data) throws Json.MalformedException {
        List<Object> values = new ArrayList<>(arguments.size() + 1);
        if (takesTopic) {
            values.add(topic);
        }
        if (arguments.size() == 1) {
            values.add(bind(arguments.getFirst(), data, "d"));
        } else if (!arguments.isEmpty()) {
            if (!(data instanceof JsonObject fields)) {
                throw new Json.MalformedException("d must be an object with the parameters of " + name);
            }
            for (Argument argument : arguments) {
                JsonElement field = fields.get(argument.name);
                values.add(bind(argument, field == null ? JsonNull.INSTANCE : field, argument.name));
            }
        }
        return values.toArray();
    }

    private Object bind(Argument argument, JsonElement value, String what) throws Json.MalformedException {
        String rule = what + " does not fit what " + name + " takes";
        boolean isBoolean = argument.type == boolean.class || argument.type == Boolean.class;
        if (value.isJsonNull() ? argument.type.isPrimitive() : isBoolean && !isBoolean(value)) {
            throw new Json.MalformedException(rule); // Gson would take any string for false
        }
        return Json.bind(argument.adapter, value, rule);
    }

    private static boolean isBoolean(JsonElement value) {
        return value instanceof JsonPrimitive primitive && primitive.isBoolean();
    }
}
