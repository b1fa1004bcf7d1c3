"""Embedded parts of the demo: PostgreSQL, Debezium and a broker, all from wheels."""
