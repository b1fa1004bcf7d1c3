"""Tests: the Kafka adapter, on its own and on a real broker."""
