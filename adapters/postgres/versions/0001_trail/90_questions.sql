-- What the questions of people need of the trail besides its own indexes. They are small: ingest
-- pays for them with the few rows that they hold.

-- Where the life of a row under a key ends, or goes over to another key.
CREATE INDEX audit_logging_turn ON audit_logging (key_hash, change_timestamp)
WHERE operation = 'DELETE' OR strpos(headers::text, '"__debezium.') > 0;

-- What happened to whole tables: a row's own changes do not tell.
CREATE INDEX audit_logging_whole ON audit_logging (change_timestamp)
WHERE operation IN ('TRUNCATE', 'RANGE_DELETE');

-- Which rows repeat a given one.
CREATE INDEX audit_redelivery_first
ON audit_redelivery (first_stream_id, first_kafka_partition, first_kafka_offset);

COMMENT ON INDEX audit_logging_turn IS
    'Deletes, and changes whose headers name another key of the row (__debezium.newkey, oldkey).';
COMMENT ON INDEX audit_logging_whole IS 'Changes of whole tables.';
COMMENT ON INDEX audit_redelivery_first IS 'Redeliveries of one change.';
