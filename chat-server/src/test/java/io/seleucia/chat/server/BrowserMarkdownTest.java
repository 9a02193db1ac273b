package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The modules that read texts of others, apart from their drawing: Markdown, addresses, mentions, pictures, reactions. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
class BrowserMarkdownTest {
    /** A tree as a text: kinds with their contents in brackets. */
    private static final String SHOW = """
            import("/markdown.js").then(({ parse }) => {
                const many = (nodes) => nodes.map(one).join("");
                const one = (n) => n.kind === "text" ? n.text
                    : n.kind === "link" ? `link(${n.text}|${n.address})`
                    : n.kind === "fence" ? `fence:${n.language}(${n.text})`
                    : n.kind === "list" ? `list:${n.start}(${n.items.map(many).join("|")})`
                    : n.kind === "lines" ? `[${many(n.children)}]`
                    : `${n.kind}(${n.text ?? many(n.children ?? n.blocks)})`;
                return many(parse(%s));
            })""";

    private BrowserServer server;
    private Page page;

    @BeforeAll
    void start() throws IOException {
        server = new BrowserServer();
        page = server.open().page();
    }

    @AfterAll
    void stop() throws IOException {
        server.close();
    }

    private String parsed(String text) {
        return page.evaluate(SHOW.formatted(new JsonPrimitive(text))).getAsString();
    }

    @Test
    void readsTheUsualMarks() {
        Map<String, String> trees = new LinkedHashMap<>();
        trees.put("plain", "[plain]");
        trees.put("a **b** *c* _d_ ~~e~~", "[a strong(b) emphasis(c) emphasis(d) strike(e)]");
        trees.put("***x*** *a **b** c*", "[strong(emphasis(x)) emphasis(a strong(b) c)]");
        trees.put("这是**重点**吧", "[这是strong(重点)吧]");
        trees.put("`a*b*` ``a`b``", "[code(a*b*) code(a`b)]");
        trees.put("\\*no\\* C:\\dir", "[*no* C:\\dir]");
        trees.put("```js\nlet a;\n\n b\n```\nafter", "fence:js(let a;\n\n b)[after]");
        trees.put("> a\n> > b\nc", "quote([a]quote([b]))[c]");
        trees.put("- a\n- b\n  - c\n- d", "list:null([a]|[b]list:null([c])|[d])");
        trees.put("3. a\n4. b\n- c", "list:3([a]|[b])list:null([c])");
        trees.put("[x](https://a.org/a_(b))", "[link(x|https://a.org/a_(b))]");
        trees.put("*see https://a.org/a_b_c*", "[emphasis(see link(https://a.org/a_b_c|https://a.org/a_b_c))]");
        trees.forEach((text, tree) -> assertThat(parsed(text)).as(text).isEqualTo(tree));
    }

    @Test
    void leavesWhatIsNoMark() {
        for (String text : new String[] {
            "snake_case_name 2*3*4 __proto__ * a * ** b **",
            "*a",
            "a ~ b ~~~~ c ****",
            "a\n\nb\n \nc",
            "-x 1.5 - 2024. is",
            "*a\n\nb*",
            "[x](javascript:alert(1)) [y](//a.org) [](https://a.org/ b)",
            "[x](https://user@a.org/)",
            "```",
            "`open"
        }) {
            assertThat(parsed(text).replaceAll("link\\(([^|)]*)\\|[^)]*\\)", "$1"))
                    .isEqualTo("[" + text + "]");
        }
    }

    /** No text of the size that a server lets through takes long, nests deep, or makes very many elements. */
    @Test
    void isQuickWithHostileTexts() {
        String result = page.evaluate("""
                        Promise.all([import("/markdown.js"), import("/links.js"), import("/mentions.js")])
                            .then(([{ parse, plainOf }, { partsOf }, { mentionsIn, mentions, finderOf }]) => {
                                const times = (text, length = 64_000) => text.repeat(length / text.length);
                                const texts = ["*a ", "a* ", "**_~~", "` ", "[", "[a](", "[a](https://a.org/", ">", "> ",
                                    "\\\\", "*", "```\\n", "\\n", " ", "- a\\n", "1. ", "**a *b ~~c ", " c~~ b* a**", "_a_ ",
                                    " @ada", "@", " @a b", "[" + "a".repeat(190)].map((text) => times(text));
                                texts.push("https://a.org/" + times(")"), "https://a.org/" + times(")]."),
                                    "https://a.org/" + times(",") + "a", times("https://a.org/"),
                                    Array.from({ length: 300 }, (_, i) => "`".repeat(i)).join(" "),
                                    Array.from({ length: 300 }, (_, i) => " ".repeat(i) + "- a").join("\\n"),
                                    (">".repeat(200) + "\\n").repeat(300), times("*a ", 32_000) + times(" b*", 32_000));
                                texts.push(("`x`" + ",@".repeat(98)).repeat(320), times("[a](https:"));
                                const known = finderOf(Array.from({ length: 1_000 }, (_, i) => "name " + i));
                                const depth = (node) => 1 + Math.max(0, ...(node.children ?? node.blocks
                                    ?? node.items?.flat() ?? []).map(depth));
                                const count = (nodes) => nodes.reduce((sum, node) => sum + 1
                                    + count(node.children ?? node.blocks ?? node.items?.flat() ?? []), 0);
                                const bad = [];
                                for (const text of texts) {
                                    const begin = performance.now();
                                    const blocks = parse(text);
                                    plainOf(blocks);
                                    partsOf(text);
                                    mentionsIn(text, known);
                                    mentions(text, "ada");
                                    const millis = performance.now() - begin;
                                    const deepest = Math.max(0, ...blocks.map(depth));
                                    if (millis > 2_000 || deepest > 30 || count(blocks) > 2_500) {
                                        bad.push([text.slice(0, 20), millis, deepest, count(blocks)]);
                                    }
                                }
                                return JSON.stringify(bad);
                            })""").getAsString();
        assertThat(result).isEqualTo("[]");
    }

    @Test
    void findsMentions() {
        assertThat(page.evaluate("""
                        import("/mentions.js").then(({ mentions, mentionsIn, finderOf, typedBefore, proposalsFor }) => {
                            const known = finderOf(["ada", "ada lovelace", "Бob", "o'neil"]);
                            const found = (text) => mentionsIn(text, known).filter(({ name }) => name).map(({ name }) => name);
                            return JSON.stringify([
                                mentions("hi @ada, look", "ada"), mentions("@Ada", "ada"), mentions("x@ada", "ada"),
                                mentions("@adam", "ada"), mentions("(@ada)", "ada"), mentions("ada", "ada"),
                                found("@ada lovelace and @ada b, @o'neil. @бob @nobody"),
                                typedBefore("hi @ad", 6), typedBefore("a@b", 3), typedBefore("@a\\nb", 4), typedBefore("no", 2),
                                proposalsFor("a", ["bob", "anna", "ida a"], ["ada", "anna"]),
                            ]);
                        })""").getAsString())
                .isEqualTo("[true,true,false,false,true,false,[\"ada lovelace\",\"ada\",\"o'neil\",\"Бob\"],"
                        + "{\"from\":3,\"typed\":\"ad\"},null,null,null,[\"anna\",\"ida a\",\"ada\"]]");
    }

    /** The effort is that of the message, however many pieces its marks make of it. */
    @Test
    void seeksFewNamesInOneMessage() {
        assertThat(page.evaluate("""
                        import("/markup.js").then(({ writeMarkup }) => {
                            const asked = (text) => {
                                let count = 0;
                                const known = () => (count++, null);
                                writeMarkup(document.createElement("div"), text, () => ({ known, me: "ada" }));
                                return count;
                            };
                            return JSON.stringify([asked(("`x`" + ",@".repeat(98)).repeat(320)) <= 100 * 128,
                                asked(("- `x` ,@ada,@bob\\n\\n> @cyd\\n\\n").repeat(1_000)) <= 100 * 128, asked("@ada") > 0]);
                        })""").getAsString()).isEqualTo("[true,true,true]");
    }

    /** A file says its size; what a message says beside it may be a lie that fills the browser's memory. */
    @Test
    void takesPicturesOfTheSizeThatTheySayOnly() {
        assertThat(page.evaluate("""
                        (async () => {
                            const { imageOf } = await import("/images.js");
                            const bytesOf = async (type, width, height) => {
                                const canvas = new OffscreenCanvas(width, height);
                                canvas.getContext("2d").fillRect(0, 0, width, height / 2);
                                const blob = await canvas.convertToBlob({ type });
                                return new Uint8Array(await blob.arrayBuffer());
                            };
                            const taken = (type, bytes, width, height) => imageOf({ image: { type, width, height,
                                data: bytes.toBase64?.() ?? btoa(String.fromCharCode(...bytes)) } }) !== null;
                            const results = [];
                            for (const type of ["image/webp", "image/jpeg", "image/png"]) {
                                const small = await bytesOf(type, 30, 20);
                                const large = await bytesOf(type, 2100, 2000);
                                results.push([taken(type, small, 30, 20), taken(type, small, 31, 20),
                                    taken(type, large, 30, 20), taken(type, large, 2100, 2000),
                                    taken(type, small.subarray(0, 20), 30, 20), taken("image/gif", small, 30, 20)]);
                            }
                            const png = await bytesOf("image/png", 30, 20);
                            const frames = [0, 0, 0, 8, ...new TextEncoder().encode("acTL"), 0, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0];
                            const moving = Uint8Array.from([...png.subarray(0, 33), ...frames, ...png.subarray(33)]);
                            results.push([taken("image/png", moving, 30, 20)]);
                            return JSON.stringify(results);
                        })()""").getAsString())
                .isEqualTo("[[true,false,false,false,false,false],[true,false,false,false,false,false],"
                        + "[true,false,false,false,false,false],[false]]");
    }

    /** However many direct messages come, the page counts them, and knows from where it must look again. */
    @Test
    void countsFloodsOfDirectMessages() {
        assertThat(page.evaluate("""
                        Promise.all([import("/reading.js"), import("/conversation.js")]).then(([{ Reading }, { Conversation }]) => {
                            const store = { put() {}, get: (_, otherwise) => otherwise };
                            const reading = new Reading({}, store, () => {}, () => {});
                            const bob = new Conversation("@bob");
                            const results = [reading.oldestDirect === Infinity];
                            for (let offset = 7; offset < 150_007; offset++) {
                                reading.arrivedDirect(bob, { epoch: "e", offset, own: false, text: "x" });
                                reading.oldestDirect;
                            }
                            results.push(bob.unread, reading.oldestDirect);
                            reading.see(bob, { epoch: "e", offset: 150_000 });
                            results.push(bob.unread, reading.oldestDirect);
                            reading.see(bob, { epoch: "e", offset: 150_006 });
                            results.push(bob.unread, reading.oldestDirect === Infinity);
                            reading.end();
                            return JSON.stringify(results);
                        })""").getAsString()).isEqualTo("[true,1000,7,6,150001,0,true]");
    }

    @Test
    void takesPicturesThatAreSafeOnly() {
        assertThat(page.evaluate("""
                        import("/images.js").then(({ imageOf, sizesOf, within }) => {
                            const sound = { type: "image/webp", width: 2, height: 1,
                                data: "UklGRhoAAABXRUJQVlA4TA4AAAAvAQAAAAcQEf0PRET/Aw==" };
                            const taken = (change) => imageOf({ image: { ...sound, ...change }, text: "" }) !== null;
                            return JSON.stringify([
                                taken({}), taken({ type: "image/svg+xml" }), taken({ type: "text/html" }), taken({ width: 0 }),
                                taken({ width: 1.5 }), taken({ height: 1e9 }), taken({ data: "AAA" }), taken({ data: "" }),
                                taken({ data: "AA\\"><" }), taken({ data: 7 }), imageOf(null), imageOf("x"), imageOf({ image: null }),
                                within({ width: 4000, height: 10 }, 400, 400), sizesOf({ width: 700, height: 1400 })[0],
                                sizesOf({ width: 3200, height: 1600 })[0],
                            ]);
                        })""").getAsString())
                .isEqualTo(
                        "[true,false,false,false,false,false,false,false,false,false,null,null,null,"
                                + "{\"width\":400,\"height\":1},{\"width\":700,\"height\":1400},{\"width\":1600,\"height\":800}]");
    }

    /** What happens live leads to what the server's fold says. */
    @Test
    void changesMessagesAsTheServerFoldsThem() {
        assertThat(page.evaluate("""
                        import("/message.js").then(({ shownOf, revise, withReaction }) => {
                            const of = (more) => shownOf({ channel: "lobby", epoch: "e", offset: 1, sender: "ada", time: 1, ...more }, true);
                            const live = of({ data: "first" });
                            const change = (offset, kind, data, sender, more) =>
                                revise(live, { ref: { offset: 1, kind, ...more }, offset, data, sender });
                            change(3, "edit", "third");
                            change(2, "edit", "second"); // late
                            change(4, "reaction", "x", "bob");
                            change(5, "reaction", "x", "bob"); // again
                            change(6, "reaction", "y", "bob");
                            change(7, "reaction", "x", "cyd");
                            change(8, "reaction", "y", "bob", { remove: true });
                            change(9, "reaction", "z", "bob", { remove: true }); // never given
                            const folded = of({ data: "third", edited: { offset: 3, time: 1 },
                                reactions: [{ text: "x", count: 2, clients: ["bob", "cyd"] }] });
                            const same = JSON.stringify(live) === JSON.stringify(folded);
                            change(10, "delete", undefined, "ada");
                            change(11, "edit", "back again", "ada");
                            const gone = JSON.stringify({ ...live, editedAt: 0 })
                                === JSON.stringify(of({ deleted: { by: "ada", time: 1 } }));
                            const crowd = [{ text: "x", count: 21, clients: Array.from({ length: 20 }, (_, i) => "c" + i) }];
                            const counts = [withReaction(crowd, "x", "c1", true), withReaction(crowd, "x", "new", true),
                                withReaction(crowd, "x", "new", false), withReaction(crowd, "x", "c1", false)].map(([one]) => one.count);
                            return JSON.stringify([same, gone, JSON.stringify(live).includes("third"), counts]);
                        })""").getAsString()).isEqualTo("[true,true,false,[21,22,20,20]]");
    }
}
