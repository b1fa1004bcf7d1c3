"""Tests of the Debezium decoder."""
