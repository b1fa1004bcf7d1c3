"""Tests: `unit`, `contract`, `architecture`, `examples`, `e2e`, `benchmarks`."""
