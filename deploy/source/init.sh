#!/bin/sh
# Runs once, when the source database is made: a small shop, and what Debezium needs to read it.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$DEBEZIUM_PASSWORD" <<'SQL'
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status text NOT NULL DEFAULT 'placed',
    total numeric(12, 2) NOT NULL
);

-- The whole old row in each change: without it, only a changed key would be seen.
ALTER TABLE customers REPLICA IDENTITY FULL;
ALTER TABLE orders REPLICA IDENTITY FULL;

-- Debezium may read these tables and the log, and nothing else.
CREATE ROLE debezium LOGIN REPLICATION PASSWORD :'password';
GRANT SELECT ON customers, orders TO debezium;
CREATE PUBLICATION shop FOR TABLE customers, orders;

INSERT INTO customers (name, email) VALUES ('Ada', 'ada@example.com'), ('Grace', 'grace@example.com');
INSERT INTO orders (customer_id, total) VALUES (1, 12.50), (2, 99.00);
SQL
