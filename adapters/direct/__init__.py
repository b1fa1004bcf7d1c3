"""The direct way: from Debezium's plain JSON to a line of COPY, compiled."""
