package io.seleucia.chat.examples.benchmark;

import java.util.Map;

/** What one run has measured of one server. */
record Result(Map<Metric, Double> values, Latencies latencies, Faults faults) {}
