"""
A straightforward audit service, as one writes it on a first day, without tricks and without traps.

    aiokafka ──▶ json.loads ──▶ a row ──▶ SQLAlchemy, 100 rows a statement ──▶ COMMIT
                                       the offset is committed to Kafka after that

It stores the same columns into the same tables. It is not exactly once, keeps no account, has no
metrics and no quarantine, and understands one shape of events: all of that would make it slower.
"""
