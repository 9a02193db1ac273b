package io.seleucia.chat.benchmark;

import java.util.Map;

/** The result of one run with one server. */
record Result(Map<Metric, Double> values, Latencies latencies, Faults faults) {}
