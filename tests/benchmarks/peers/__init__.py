"""
Debezium's JDBC sink beside ours, by hand: it needs Java, Maven and the jars of `fetch`.

    one topic, schema-carrying ──▶ Kafka Connect, JDBC sink ──▶ a table of its own   (only `after`)
                              ──▶ cdc-audit ──▶ the trail              (before, after, source, key)
    the same without schema   ──▶ cdc-audit ──▶ the trail

The sink has its best documented settings, and its best run of several counts, from the first rows
that it has stored on: its start is not in it. It reads no plain JSON and stores no history.
"""
