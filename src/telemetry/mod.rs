//! Counters, the latency histogram and the access log.
