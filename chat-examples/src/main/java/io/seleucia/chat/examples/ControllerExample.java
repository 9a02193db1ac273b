package io.seleucia.chat.examples;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.protocol.Caller;
import java.io.IOException;

/**
 * A small stock exchange, whose methods are called by clients of XSockets.NET, and which calls them. In a browser, with
 * the original client:
 *
 * <pre>{@code
 * var client = new xsockets.client("ws://localhost:8600", ["stock"]);
 * var stock = client.controller("stock");
 * stock.onOpen = function () {
 *     stock.on("sold", function (order) { … });           // somebody sold within this client's limit
 *     stock.invoke("limit", 20.5);
 *     stock.invoke("total", { quantity: 3, price: 7 }).then(function (total) { … });
 * };
 * client.open();
 * }</pre>
 */
public final class ControllerExample {
    private ControllerExample() {}

    /** Shares that change hands. */
    public record Order(String share, int quantity, double price) {}

    /** What one client can call. Each connection has its own object, and calls it from one thread at a time. */
    public static final class Stock {
        private final Caller<Stock> caller;
        private volatile double limit; // others' threads read it

        Stock(Caller<Stock> caller) {
            this.caller = caller;
        }

        /** Be told what is sold for less than this. */
        public void limit(double limit) {
            this.limit = limit;
        }

        /** What so many shares cost; the answer goes back under the topic {@code total}. */
        public double total(int quantity, double price) {
            return quantity * price;
        }

        /** Tells those whose limit is higher, and all who have subscribed to the share; gives the sum. */
        public double sell(Order order) {
            if (order.quantity() < 1) {
                throw new IllegalArgumentException("nothing to sell");
            }
            caller.invokeTo(other -> other.limit > order.price(), order, "sold");
            caller.publish(order.price(), order.share());
            return total(order.quantity(), order.price());
        }
    }

    /** A server that has the exchange. */
    static ChatServerBuilder settings() {
        return ChatServer.builder().controller("stock", Stock.class, Stock::new);
    }

    /** Serves until the process is ended. */
    public static void main(String[] args) throws IOException, InterruptedException {
        try (var server = settings().port(8600).start()) {
            System.out.println("listening on ws://localhost:" + server.port() + "/");
            Thread.currentThread().join();
        }
    }
}
