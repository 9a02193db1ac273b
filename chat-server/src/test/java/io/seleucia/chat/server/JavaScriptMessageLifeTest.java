package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Edits, deletions, reactions, replies, read marks, descriptions, lists and searches of chat-client.js, in a browser. */
class JavaScriptMessageLifeTest extends JavaScriptClients {
    private static final String MARKS = "seen.filter(({ type }) => type === 'read')"
            + ".map(({ channel, offset, unread, more }) => [channel, offset, unread, more])";

    @Test
    void whatIsSaidOfAMessageReachesMembersAndTheFold() {
        Page ada = member(client("ada"));
        Page bob = member(client("bob"));
        ada.evaluate("chat.publish('lobby', 'hi', { headers: { event: 'greeting' } })");
        ada.evaluate("chat.edit('lobby', 1, 'hello')");
        bob.evaluate("chat.react('lobby', 1, '+1')");
        ada.evaluate("chat.react('lobby', 1, '+1')");
        ada.evaluate("chat.unreact('lobby', 1, '+1')");
        bob.evaluate("chat.reply('lobby', 1, 'yes?')");
        ada.evaluate("chat.publish('lobby', 'a slip')");
        ada.evaluate("chat.remove('lobby', 7)");

        for (Page page : List.of(ada, bob)) {
            page.await("seen.some(({ type }) => type === 'deleted')");
            assertThat(page.evaluate("seen.filter(({ offset }) => offset).map((one) =>"
                                    + " [one.type, one.offset, one.ref?.offset, one.ref?.remove, one.data].join())")
                            .toString())
                    .isEqualTo("[\"message,1,,,hi\",\"edited,2,1,,hello\",\"reaction,3,1,,+1\",\"reaction,4,1,,+1\","
                            + "\"reaction,5,1,true,+1\",\"message,6,1,,yes?\",\"message,7,,,a slip\","
                            + "\"deleted,8,7,,\"]");
            assertThat(page.isTrue("seen.find(({ type }) => type === 'message').headers.event === 'greeting'"))
                    .isTrue();
        }
        assertThat(bob.evaluate("chat.history('lobby', { folded: true }).then(({ messages }) => messages.map((one) =>"
                                + " [one.offset, one.data ?? null, one.edited?.offset ?? null, one.replies ?? 0,"
                                + " one.reactions ?? [], one.deleted?.by ?? null]))")
                        .toString())
                .isEqualTo("[[1,\"hello\",2,1,[{\"text\":\"+1\",\"count\":1,\"clients\":[\"bob\"]}],null],"
                        + "[6,\"yes?\",null,0,[],null],[7,null,null,0,[],\"ada\"]]");
        assertThat(code(bob, "chat.edit('lobby', 1, 'mine')")).isEqualTo("forbidden");
        assertThat(code(bob, "chat.reply('lobby', 7, 'what?')")).isEqualTo("too_old");
        assertThat(code(bob, "chat.react('lobby', 99, '+1')")).isEqualTo("bad_request");
        assertThat(code(bob, "chat.publish('lobby', 1, { headers: { a: 'x'.repeat(2000) } })"))
                .isEqualTo("too_large");
        assertNoProblems(bob);
    }

    @Test
    void directMessagesAreReferredToInTheOwnInbox() {
        Page ada = client("ada");
        Page bob = client("bob");
        ada.await("chat.state === 'connected'");
        bob.await("chat.state === 'connected'");
        ada.evaluate("chat.direct('ada', 'a note')");
        ada.evaluate("chat.direct('bob', 'helo').then(receipt => window.receipt = receipt)");
        assertThat(ada.isTrue("receipt.channel === '@bob' && receipt.offset === 1 && receipt.own.offset === 2"))
                .isTrue();
        ada.evaluate("chat.edit('@bob', receipt.own.offset, 'hello')");
        bob.evaluate("chat.reply('@ada', 1, 'yes?')");

        String seen = "seen.filter(({ offset }) => offset).map((one) =>"
                + " [one.type, one.channel, one.offset, one.to ?? '', one.ref?.offset, one.data].join())";
        ada.await("seen.some(({ data }) => data === 'yes?')");
        bob.await("seen.some(({ data }) => data === 'yes?')");
        assertThat(ada.evaluate(seen.replace("one.to ?? ''", "one.to !== 'ada' ? one.to ?? '' : ''"))
                        .toString())
                .isEqualTo("[\"direct,@ada,1,,,a note\",\"sent,@ada,2,bob,,helo\",\"edited,@ada,3,bob,2,hello\","
                        + "\"direct,@ada,4,,2,yes?\"]");
        assertThat(bob.evaluate(seen).toString())
                .isEqualTo("[\"direct,@bob,1,,,helo\",\"edited,@bob,2,,1,hello\",\"sent,@bob,3,ada,1,yes?\"]");
        assertThat(ada.evaluate("chat.history('@ada', { folded: true, with: 'bob' })"
                                + ".then(({ messages }) => messages.map(({ data }) => data))")
                        .toString())
                .isEqualTo("[\"hello\",\"yes?\"]");
    }

    @Test
    void searchesMessagesAsTheyAreNow() {
        Page ada = member(client("ada"));
        ada.evaluate(
                "Promise.all(['Lunch at noon', 'dinner', { text: 'no LUNCH' }].map(n => chat.publish('lobby', n)))");
        ada.evaluate("chat.edit('lobby', 1, 'lunch at one')");
        assertThat(ada.evaluate("chat.search('lobby', 'lunch', { limit: 1 }).then(found => window.found = found)"
                                + ".then(({ channel, messages }) => [channel, messages.map(({ data }) => data)])")
                        .toString())
                .isEqualTo("[\"lobby\",[{\"text\":\"no LUNCH\"}]]");
        assertThat(ada.evaluate(
                                "chat.search('lobby', 'lunch', { before: found.next })"
                                        + ".then(({ messages, next }) => [messages[0].data, messages[0].channel, next ?? null])")
                        .toString())
                .isEqualTo("[\"lunch at one\",\"lobby\",null]");
    }

    /** What was in flight when the connection was cut is sent again, and has its effect once. */
    @Test
    void changesMessagesOnceAndInOrderWhateverIsCut() {
        int rounds = 25;
        Page ada = member(client("ada"));
        ada.evaluate("chat.publish('lobby', 'hi')");
        ada.evaluate("void (Promise.all(Array.from({ length: " + rounds + " }, (_, i) => ["
                + " chat.edit('lobby', 1, i), chat.react('lobby', 1, 'r' + i),"
                + " i % 2 ? chat.unreact('lobby', 1, 'r' + i) : chat.react('lobby', 1, 'r' + i),"
                + " chat.reply('lobby', 1, 'yes?'), chat.remove('lobby', 5 + 5 * i)]).flat())"
                + ".then(receipts => window.receipts = receipts, error => window.refused = error.code))");
        while (!ada.isTrue("data('deleted').length >= " + rounds)) {
            assertThat(ada.isTrue("window.refused === undefined")).isTrue();
            LockSupport.parkNanos(CUT_EVERY_NANOS);
            proxy.cut();
        }
        ada.await("window.receipts");

        assertThat(ada.isTrue("receipts.every(({ offset }, i) => offset === i + 2)"))
                .isTrue();
        assertThat(ada.isTrue("data('edited').every((data, i) => data === i)")).isTrue();
        assertThat(ada.evaluate("['message', 'edited', 'reaction', 'deleted', 'lost'].map(type => data(type).length)")
                        .toString())
                .isEqualTo("[%1$d,%2$d,%3$d,%2$d,0]".formatted(rounds + 1, rounds, 2 * rounds));
        assertThat(ada.evaluate("chat.history('lobby', { folded: true, after: 0, limit: 1 }).then(({ messages }) =>"
                        + " [messages[0].data, messages[0].replies ?? 0,"
                        + " messages[0].reactions.map(({ text, count }) => text + ':' + count).join()])"))
                .isEqualTo(ada.evaluate("[" + (rounds - 1) + ", 0, Array.from({ length: " + rounds
                        + " }, (_, i) => 'r' + i + ':1').filter((_, i) => i % 2 === 0).join()]"));
    }

    /** As a recovery has it: contents are gone, and offsets stay taken. */
    @Test
    void tellsAnnotationsFromMessagesAndOwnCopiesFromOthers() {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        page.evaluate("window.lobby = (offset, rest) => say({ type: 'message', channel: 'lobby', offset, sender: 'bob',"
                + " time: 1, ...rest })");
        page.evaluate("window.inbox = (offset, rest) => say({ type: 'direct', offset, time: 1, ...rest })");
        page.evaluate("lobby(1, { deleted: { by: 'eve', time: 2 } })");
        page.evaluate("lobby(2, { deleted: { by: 'eve', time: 2 }, ref: { offset: 1, kind: 'edit' } })");
        page.evaluate("lobby(3, { ref: { offset: 1, kind: 'delete' } })");
        page.evaluate("lobby(3, { ref: { offset: 1, kind: 'delete' } })");
        page.evaluate("lobby(4, { ref: { offset: 1, kind: 'unheard of' }, data: 'hi' })");
        page.evaluate("inbox(1, { sender: 'ada', to: 'bob', data: 'hi' })");
        page.evaluate("inbox(2, { sender: 'ada', to: 'bob', data: 'hello', ref: { offset: 1, kind: 'edit' } })");
        page.evaluate("inbox(3, { sender: 'bob', data: '+1', ref: { offset: 1, kind: 'reaction' } })");
        page.evaluate("inbox(4, { sender: 'bob', data: 'yes?' })");
        page.evaluate("inbox(5, { sender: 'ada', to: 'ada', data: 'a note' })");

        assertThat(page.evaluate("seen.filter(({ type }) => type !== 'state').map((one) =>"
                                + " [one.type, one.channel, one.offset, one.to, one.data].join())")
                        .toString())
                .isEqualTo("[\"message,lobby,1,,\",\"deleted,lobby,3,,\",\"message,lobby,4,,hi\","
                        + "\"sent,@ada,1,bob,hi\",\"edited,@ada,2,bob,hello\",\"reaction,@ada,3,,+1\","
                        + "\"direct,@ada,4,,yes?\",\"direct,@ada,5,ada,a note\"]");
        assertThat(page.isTrue("seen.find(({ type }) => type === 'message').deleted.by === 'eve'"))
                .isTrue();
        assertThat(page.isTrue("chat.position('lobby').offset === 4")).isTrue();
        assertNoProblems(page);
    }

    @Test
    void directMessagesAreChangedThoughTheConnectionIsCutMeanwhile() {
        Page ada = client("ada");
        Page bob = client("bob");
        bob.await("chat.state === 'connected'");
        ada.evaluate("chat.direct('bob', 'helo').then(receipt => window.receipt = receipt)");
        proxy.refuse(true);
        proxy.cut();
        ada.await("chat.state === 'waiting'");
        ada.evaluate("void (window.changed = Promise.all([chat.edit('@bob', receipt.own.offset, 'hello'),"
                + " chat.react('@bob', receipt.own.offset, '+1'), chat.remove('@bob', receipt.own.offset)]))");
        proxy.refuse(false);

        assertThat(ada.evaluate("changed.then(receipts => receipts.map(({ offset, own }) => [offset, own.offset]))")
                        .toString())
                .isEqualTo("[[2,2],[3,3],[4,4]]");
        for (Page page : List.of(ada, bob)) {
            page.await("seen.some(({ type }) => type === 'deleted')");
            assertThat(page.evaluate(
                                    "chat.history('@' + chat.name, { folded: true }).then(({ messages }) =>"
                                            + " messages.map(({ offset, data, deleted }) => [offset, data ?? null, deleted.by]))")
                            .toString())
                    .isEqualTo("[[1,null,\"ada\"]]");
        }
    }

    @Test
    void readMarksReachTheOtherSessionsAndOnlyGoForward() {
        Page here = client("ada");
        Page there = client("ada");
        for (Page page : List.of(here, there)) {
            page.evaluate("chat.join('lobby', { read: true })");
            assertThat(page.evaluate(MARKS).toString()).isEqualTo("[[\"lobby\",0,0,false]]");
        }
        Page bob = member(client("bob"));
        bob.evaluate("Promise.all([1, 2, 3].map(n => chat.publish('lobby', n)))");
        bob.evaluate("chat.react('lobby', 3, '+1')");
        here.evaluate("chat.publish('lobby', 'mine')");

        assertThat(here.isTrue("chat.read('lobby', 2).then(({ channel, offset, unread, more }) =>"
                        + " channel === 'lobby' && offset === 2 && unread === 1 && more === false)"))
                .isTrue();
        there.await(MARKS + ".length === 2");
        assertThat(there.evaluate(MARKS + ".at(-1)").toString()).isEqualTo("[\"lobby\",2,1,false]");
        assertThat(there.isTrue("chat.read('lobby', 1).then(({ offset }) => offset === 2)"))
                .isTrue();
        assertThat(here.evaluate(MARKS + ".length").getAsInt())
                .as("the session that has read is told by its reply")
                .isOne();

        proxy.cut();
        here.await(MARKS + ".length === 2");
        assertThat(here.evaluate(MARKS + ".at(-1)").toString())
                .as("after the connection is back")
                .isEqualTo("[\"lobby\",2,1,false]");
        assertNoProblems(here);
    }

    @Test
    void receiptsReachThoseWhoGiveThemToo() {
        Page ada = client("ada");
        Page bob = client("bob");
        Page cyd = member(client("cyd"));
        for (Page page : List.of(ada, bob)) {
            page.evaluate("chat.join('lobby', { receipts: true })");
        }
        ada.evaluate("chat.publish('lobby', 'hi')");
        for (Page page : List.of(cyd, bob)) {
            page.evaluate("chat.read('lobby', 1)");
        }
        String receipts =
                "seen.filter(({ type }) => type === 'receipt').map((one) => [one.channel, one.client, one.offset])";

        ada.await("seen.some(({ type }) => type === 'receipt')");
        ada.evaluate("chat.publish('lobby', 'behind all of them')");
        for (Page page : List.of(ada, bob, cyd)) {
            page.await("data('message').at(-1) === 'behind all of them'");
            assertThat(page.evaluate(receipts).toString()).isEqualTo(page == ada ? "[[\"lobby\",\"bob\",1]]" : "[]");
        }
    }

    @Test
    void descriptionsReachMembersAndThoseWhoJoinLater() {
        Page ada = member(client("ada"));
        assertThat(ada.evaluate("chat.info('lobby')").toString()).isEqualTo("{\"channel\":\"lobby\",\"info\":null}");
        assertThat(ada.isTrue("chat.describe('lobby', { topic: 'lunch' }).then(({ channel, info, by, time }) =>"
                        + " channel === 'lobby' && info.topic === 'lunch' && by === 'ada' && time > 1e12)"))
                .isTrue();
        ada.await("seen.some(({ type, by }) => type === 'info' && by === 'ada')");
        Page bob = member(client("bob"));
        assertThat(bob.evaluate("seen.filter(({ type }) => type === 'info')").toString())
                .isEqualTo("[{\"type\":\"info\",\"channel\":\"lobby\",\"info\":{\"topic\":\"lunch\"}}]");
        assertThat(code(ada, "chat.describe('lobby', { topic: 'x'.repeat(5000) })"))
                .isEqualTo("too_large");
        assertThat(code(ada, "chat.describe('lobby', 'lunch')")).isEqualTo("bad_request");

        ada.evaluate("chat.describe('lobby', null)");

        bob.await("seen.at(-1).type === 'info' && seen.at(-1).info === null && seen.at(-1).by === 'ada'");
        assertNoProblems(bob);
    }

    @Test
    void listsChannelsPageByPage() {
        Page ada = member(client("ada"));
        for (String channel : List.of("team-b", "team-a", "team-c")) {
            ada.evaluate("chat.join('" + channel + "')");
        }
        ada.evaluate("chat.publish('team-a', 'hi')");
        ada.evaluate("chat.describe('team-b', { topic: 'b' })");
        String names = ".then(({ channels, more }) => [more, channels.map(({ channel }) => channel)])";

        assertThat(ada.evaluate("chat.list()" + names).toString())
                .isEqualTo("[false,[\"lobby\",\"team-a\",\"team-b\",\"team-c\"]]");
        assertThat(ada.evaluate("chat.list({ prefix: 'team-', limit: 2 })" + names)
                        .toString())
                .isEqualTo("[true,[\"team-a\",\"team-b\"]]");
        assertThat(ada.evaluate("chat.list({ prefix: 'team-', after: 'team-b' })" + names)
                        .toString())
                .isEqualTo("[false,[\"team-c\"]]");
        assertThat(ada.isTrue("chat.list({ prefix: 'team-' }).then(({ channels: [a, b] }) => a.clients === 1"
                        + " && a.time > 1e12 && a.info === undefined && b.time === undefined && b.info.topic === 'b')"))
                .isTrue();
    }

    @Test
    void asksAgainWhatWasNotAnswered() {
        Page ada = member(client("ada"));
        ada.evaluate("chat.publish('lobby', 'hi')");
        proxy.hold(true); // requests don't arrive
        ada.evaluate("void (window.answers = Promise.all([chat.history('lobby', { folded: true }),"
                + " chat.search('lobby', 'HI'), chat.read('lobby', 1), chat.info('lobby'), chat.list()]))");
        proxy.refuse(true);
        proxy.cut();
        ada.await("chat.state === 'waiting'");
        proxy.hold(false);
        proxy.refuse(false);

        assertThat(ada.evaluate("answers.then(([history, search, read, info, list]) => [history.messages[0].data,"
                                + " search.messages[0].data, read.offset, info.info, list.channels[0].channel])")
                        .toString())
                .isEqualTo("[\"hi\",\"hi\",1,null,\"lobby\"]");
        assertNoProblems(ada);
    }

    @Test
    void theExamplesOfTheChapterWork() throws IOException {
        String document = Files.readString(Path.of("..", "docs", "javascript.md"));
        String chapter = document.substring(document.indexOf("\n## The life of a message\n"));
        Matcher example = Pattern.compile("```js\\n(.*?)```", Pattern.DOTALL)
                .matcher(chapter.substring(0, chapter.indexOf("\n## ", 1)));
        Page ada = member(client("ada"));
        ada.evaluate("chat.publish('lobby', 'lunch?')");
        ada.evaluate("void (window.lines = [])");
        int examples = 0;
        while (example.find()) {
            ada.evaluate("(async () => { const console = { log: (...words) => lines.push(words.join(' ')) };\n"
                    + example.group(1) + "\n})()");
            examples++;
        }

        assertThat(examples).isEqualTo(5);
        assertThat(ada.evaluate("lines").toString())
                .isEqualTo("[\"1 lunch?\",\"news: 0 unread\",\"news 1 what is new\"]");
        assertNoProblems(ada);
    }
}
