package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.scaling.Figures.Unit;
import java.io.IOException;

/** One scenario with a number of servers. */
abstract class ScalingRun {
    final Fleet fleet;
    final ScalingOptions options;
    final Figures figures;

    ScalingRun(Fleet fleet, ScalingOptions options, Figures figures) {
        this.fleet = fleet;
        this.options = options;
        this.figures = figures;
    }

    /** Measures. Blocks until the run has ended. */
    abstract void measure() throws IOException;

    final Plan plan(int perClient) {
        return Plan.of(options.run(), fleet.ports(), options.channels(), perClient, options.bytes());
    }

    /** Starts the load and connects all clients. */
    final Status connect(Plan plan) throws IOException {
        fleet.load(plan, options.parts(plan));
        fleet.tell("connect");
        return fleet.until("connecting", Status::isConnected);
    }

    /** Subscribes all clients, each with a number of outstanding requests. */
    final Status subscribe(int window) throws IOException {
        fleet.tell("subscribe " + window);
        return fleet.until("subscribing", Status::isReady);
    }

    /** Starts to publish at the rate of the options, shared by all parts of the load. */
    final void pace(Plan plan) throws IOException {
        fleet.tell("pace " + (double) options.rate() / options.parts(plan));
    }

    final void putConnections(String prefix) throws IOException {
        figures.put(prefix + "pub/sub connections", fleet.requireOneSubscriberEach(), Unit.COUNT);
    }
}
