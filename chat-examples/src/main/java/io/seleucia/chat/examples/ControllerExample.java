package io.seleucia.chat.examples;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.protocol.xsockets.Caller;
import java.io.IOException;

/**
 * A small stock exchange for clients of XSockets.NET, which call its methods and are called by it. In a browser, with the
 * original client:
 *
 * <pre>{@code
 * var client = new xsockets.client("ws://localhost:8600", ["stock"]);
 * var stock = client.controller("stock");
 * stock.onOpen = function () {
 *     stock.on("sold", function (order) { … });           // a client sold within this client's limit
 *     stock.invoke("limit", 20.5);
 *     stock.invoke("total", { quantity: 3, price: 7 }).then(function (total) { … });
 * };
 * client.open();
 * }</pre>
 */
public final class ControllerExample {
    private ControllerExample() {}

    /** Shares that are sold. */
    public record Order(String share, int quantity, double price) {}

    /** The methods that a client can call. Each connection has its own object, and one thread at a time calls it. */
    public static final class Stock {
        private final Caller<Stock> caller;
        private volatile double limit; // read by threads of other clients

        Stock(Caller<Stock> caller) {
            this.caller = caller;
        }

        /** Sets a limit: the client is told of sales below it. */
        public void limit(double limit) {
            this.limit = limit;
        }

        /** Returns the price of some shares, which the client receives under the topic {@code total}. */
        public double total(int quantity, double price) {
            return quantity * price;
        }

        /** Tells clients with a higher limit, and subscribers of the share. Returns the total price. */
        public double sell(Order order) {
            if (order.quantity() < 1) {
                throw new IllegalArgumentException("nothing to sell");
            }
            caller.invokeTo(other -> other.limit > order.price(), order, "sold");
            caller.publish(order.price(), order.share());
            return total(order.quantity(), order.price());
        }
    }

    /** Returns a server with the exchange. */
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
