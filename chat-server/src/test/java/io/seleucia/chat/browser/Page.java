package io.seleucia.chat.browser;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * A page as its user has it: typed into, clicked, looked at; and as its developer has it: evaluated, and asked for what
 * went wrong. What can't be done fails with an {@link AssertionError} that shows the page's text and problems.
 *
 * <p>For one thread at a time. Methods block until the browser has done what they say.
 */
public final class Page implements AutoCloseable {
    private static final int CLICKS = 5; // attempts, for an element that moves as others come and go
    private static final long ROUND_NANOS = 15_000_000;
    private static final int SHOWN = 2_000;
    private static final Map<String, Integer> KEYS = Map.ofEntries(
            Map.entry("Enter", 13),
            Map.entry("Tab", 9),
            Map.entry("Escape", 27),
            Map.entry("ArrowLeft", 37),
            Map.entry("ArrowUp", 38),
            Map.entry("ArrowRight", 39),
            Map.entry("ArrowDown", 40),
            Map.entry("Home", 36),
            Map.entry("End", 35),
            Map.entry("Backspace", 8),
            Map.entry("Delete", 46),
            Map.entry("+", 187),
            Map.entry("e", 69),
            Map.entry("r", 82));

    private final DevTools devTools;
    private final String context;
    private final String session;
    private final boolean isFirst; // of its browser's tabs
    private final List<Problem> problems = new CopyOnWriteArrayList<>();

    private Page(DevTools devTools, String context, String session, boolean isFirst) {
        this.devTools = devTools;
        this.context = context;
        this.session = session;
        this.isFirst = isFirst;
    }

    static Page open(DevTools devTools, String context, String url) {
        return open(devTools, context, url, true);
    }

    private static Page open(DevTools devTools, String context, String url, boolean isFirst) {
        String target = devTools.call(
                        "", "Target.createTarget", object("{}", "url", "about:blank", "browserContextId", context))
                .get("targetId")
                .getAsString();
        String session = devTools.call("", "Target.attachToTarget", object("{\"flatten\":true}", "targetId", target))
                .get("sessionId")
                .getAsString();
        Page page = new Page(devTools, context, session, isFirst);
        devTools.listen(session, page::heard);
        for (String domain : List.of("Page", "Runtime", "Log", "Audits", "Network")) {
            page.call(domain + ".enable", new JsonObject());
        }
        page.call("Emulation.setFocusEmulationEnabled", object("{\"enabled\":true}")); // every page has the focus
        page.viewport(1280, 800);
        page.go(url);
        return page;
    }

    /** Opens another tab of the same browser, which shares the storage, and returns when it has loaded. Close it before this. */
    public Page another(String url) {
        return open(devTools, context, url, false);
    }

    /** Closes the tab as its user does, who is asked whether to leave where the page wants that. */
    public void closeTab() {
        devTools.call(session, "Page.close", new JsonObject());
    }

    /** Goes to another address, and returns when it has loaded. */
    public void go(String url) {
        evaluate("window.before = true");
        JsonObject result = call("Page.navigate", object("{}", "url", url));
        if (result.has("errorText")) {
            throw failure(url + " can't be opened: " + result.get("errorText").getAsString());
        }
        await("document.readyState === 'complete' && !window.before");
    }

    /** Loads the page again, as its user does, and returns when it has loaded. */
    public void reload() {
        evaluate("window.before = true");
        call("Page.reload", new JsonObject());
        await("document.readyState === 'complete' && !window.before");
    }

    /** The value of an expression, or of the promise that it gives, as JSON has it; undefined is null. */
    public JsonElement evaluate(String expression) {
        JsonObject result = call(
                "Runtime.evaluate",
                object(
                        "{\"awaitPromise\":true,\"returnByValue\":true,\"userGesture\":true}",
                        "expression",
                        expression));
        if (result.has("exceptionDetails")) {
            throw failure(expression + " failed: " + described(result.getAsJsonObject("exceptionDetails")));
        }
        JsonElement value = result.getAsJsonObject("result").get("value");
        return value == null ? JsonNull.INSTANCE : value;
    }

    /** Whether an expression is true, as JavaScript has it. */
    public boolean isTrue(String condition) {
        return evaluate("!!(" + condition + ")").getAsBoolean();
    }

    /** Waits until an expression is true; while it throws, it is not. */
    public void await(String condition) {
        long deadline = System.nanoTime() + Browser.PATIENCE.toNanos();
        String guarded = "(() => { try { return !!(" + condition + "); } catch { return false; } })()";
        while (!holds(guarded)) {
            if (System.nanoTime() > deadline) {
                throw failure("it did not come true: " + condition);
            }
            LockSupport.parkNanos(ROUND_NANOS);
        }
    }

    private boolean holds(String condition) {
        try {
            return evaluate(condition).getAsBoolean();
        } catch (IllegalStateException e) {
            return false; // between two documents there is nothing to evaluate in
        }
    }

    /** The text that a person sees in the first element of a selector, which is awaited. */
    public String text(String selector) {
        await(element(selector));
        return evaluate(element(selector) + ".innerText").getAsString();
    }

    /** Clicks the first element of a selector in its middle, when it is there and nothing lies over it. */
    public void click(String selector) {
        String middle = "(() => { const e = " + element(selector) + "; e.scrollIntoView({block: 'nearest'});"
                + " const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;"
                + " const top = document.elementFromPoint(x, y);"
                + " return e === top || e.contains(top) ? {x, y} : null; })()";
        for (int attempt = 0; attempt < CLICKS; attempt++) {
            await(middle);
            evaluate(
                    "(() => { window.clicked = false;" + element(selector)
                            + ".addEventListener('click', () => { window.clicked = true; }, {once: true, capture: true}); })()");
            JsonElement point = evaluate(middle);
            if (!point.isJsonObject()) {
                continue; // something covers it by now
            }
            for (String type : List.of("mousePressed", "mouseReleased")) {
                JsonObject event = object("{\"button\":\"left\",\"clickCount\":1}", "type", type);
                event.add("x", point.getAsJsonObject().get("x"));
                event.add("y", point.getAsJsonObject().get("y"));
                call("Input.dispatchMouseEvent", event);
            }
            if (!isTrue("window.clicked === false")) {
                return; // it has been clicked, or the page is another one now
            }
        }
        throw failure(selector + " can't be clicked: it moves away");
    }

    /** Gives the first element of a selector the focus and types a text there, at the end of what it has. */
    public void type(String selector, String text) {
        await(element(selector) + " && !" + element(selector) + ".disabled");
        evaluate("(() => { const e = " + element(selector) + "; e.focus();"
                + " if (e.value) e.setSelectionRange(e.value.length, e.value.length); })()");
        type(text);
    }

    /** Types a text where the focus is. */
    public void type(String text) {
        call("Input.insertText", object("{}", "text", text));
    }

    /** Presses and releases a key, such as {@code Enter}, {@code Tab} or {@code Escape}, where the focus is. */
    public void press(String key) {
        for (String type : List.of("keyDown", "keyUp")) {
            JsonObject event = object("{}", "type", type, "key", key, "code", key);
            event.addProperty("windowsVirtualKeyCode", KEYS.get(key));
            if (key.equals("Enter") && type.equals("keyDown")) {
                event.addProperty("text", "\r");
            }
            call("Input.dispatchKeyEvent", event);
        }
    }

    /** Presses and releases a letter while Control is held. */
    public void control(char letter) {
        for (String type : List.of("rawKeyDown", "keyUp")) {
            String code = "Key" + Character.toUpperCase(letter);
            JsonObject event = object("{\"modifiers\":2}", "type", type, "key", String.valueOf(letter), "code", code);
            event.addProperty("windowsVirtualKeyCode", (int) Character.toUpperCase(letter));
            call("Input.dispatchKeyEvent", event);
        }
    }

    /** The size of what is seen of the page, in CSS pixels. */
    public void viewport(int width, int height) {
        call(
                "Emulation.setDeviceMetricsOverride",
                object("{\"width\":" + width + ",\"height\":" + height + ",\"deviceScaleFactor\":1,\"mobile\":"
                        + (width < 600) + "}"));
    }

    /**
     * What the user prefers, as a media feature that the page's styles ask for.
     *
     * @param feature {@code prefers-color-scheme}, {@code prefers-reduced-motion}
     */
    public void prefers(String feature, String value) {
        JsonObject media = object("{\"features\":[{}]}");
        JsonObject one = media.getAsJsonArray("features").get(0).getAsJsonObject();
        one.addProperty("name", feature);
        one.addProperty("value", value);
        call("Emulation.setEmulatedMedia", media);
    }

    /** Writes what is seen of the page to a PNG file. */
    public void screenshot(Path file) {
        String data = call("Page.captureScreenshot", object("{\"format\":\"png\"}"))
                .get("data")
                .getAsString();
        try {
            Files.write(file, Base64.getDecoder().decode(data));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a script in every document of this page from the next one on, before the document's own. */
    public void beforeEachDocument(String script) {
        call("Page.addScriptToEvaluateOnNewDocument", object("{}", "source", script));
    }

    /** Calls a method of the DevTools protocol for this page, where no other method here does it. */
    public JsonObject call(String method, JsonObject parameters) {
        return devTools.call(session, method, parameters);
    }

    /** All that went wrong since the page was opened. */
    public List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** What went wrong of other kinds than these. */
    public List<Problem> problemsBut(Problem.Kind... expected) {
        return problems.stream()
                .filter(problem -> !List.of(expected).contains(problem.kind()))
                .toList();
    }

    private void heard(JsonObject event) {
        JsonObject parameters = event.getAsJsonObject("params");
        switch (event.get("method").getAsString()) {
            case "Runtime.consoleAPICalled" -> {
                if (List.of("error", "warning", "assert")
                        .contains(parameters.get("type").getAsString())) {
                    problems.add(new Problem(
                            Problem.Kind.CONSOLE, parameters.get("args").toString()));
                }
            }
            case "Runtime.exceptionThrown" ->
                problems.add(
                        new Problem(Problem.Kind.EXCEPTION, described(parameters.getAsJsonObject("exceptionDetails"))));
            case "Log.entryAdded" -> logged(parameters.getAsJsonObject("entry"));
            case "Audits.issueAdded" -> {
                JsonObject issue = parameters.getAsJsonObject("issue");
                if (issue.get("code").getAsString().equals("ContentSecurityPolicyIssue")) {
                    problems.add(new Problem(Problem.Kind.POLICY, issue.toString()));
                }
            }
            default -> {} // of no interest
        }
    }

    private void logged(JsonObject entry) {
        String text = entry.get("text").getAsString();
        if (!entry.get("level").getAsString().matches("error|warning")) {
            return;
        }
        Problem.Kind kind = switch (entry.get("source").getAsString()) {
            case "network" -> Problem.Kind.NETWORK;
            case "security" -> Problem.Kind.POLICY;
            case "javascript" -> text.startsWith("WebSocket ") ? Problem.Kind.NETWORK : Problem.Kind.OTHER;
            default -> Problem.Kind.OTHER;
        };
        problems.add(new Problem(kind, text));
    }

    private static String described(JsonObject exception) {
        JsonElement thrown = exception.get("exception");
        return thrown != null && thrown.getAsJsonObject().has("description")
                ? thrown.getAsJsonObject().get("description").getAsString()
                : exception.toString();
    }

    private AssertionError failure(String what) {
        String text;
        try {
            text = call("Runtime.evaluate", object("{}", "expression", "document.body?.innerText"))
                    .getAsJsonObject("result")
                    .toString();
        } catch (RuntimeException e) {
            text = "which can't be read: " + e.getMessage();
        }
        return new AssertionError(what + "\nThe page: " + text.substring(0, Math.min(SHOWN, text.length()))
                + "\nIts problems: " + problems);
    }

    private static String element(String selector) {
        return "document.querySelector(" + new JsonPrimitive(selector) + ")";
    }

    /** An object with further texts by name. */
    private static JsonObject object(String json, String... texts) {
        JsonObject object = JsonParser.parseString(json).getAsJsonObject();
        for (int i = 0; i < texts.length; i += 2) {
            object.addProperty(texts[i], texts[i + 1]);
        }
        return object;
    }

    /** Closes it; the first tab of a browser closes all others, and forgets their storage. */
    @Override
    public void close() {
        devTools.forget(session);
        if (isFirst) {
            devTools.call("", "Target.disposeBrowserContext", object("{}", "browserContextId", context));
        }
    }
}
