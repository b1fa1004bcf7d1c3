-- The source of the demo: a small shop.
-- Two kinds of replica identity, because they decide what an auditor can see: FULL gives the whole
-- row before a change, DEFAULT only its key.

CREATE TABLE customers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    email       text NOT NULL,
    newsletter  boolean NOT NULL DEFAULT false,
    preferences jsonb NOT NULL DEFAULT '{}',
    born_on     date,
    created_at  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE customers REPLICA IDENTITY FULL;

CREATE TABLE products (
    id    integer PRIMARY KEY,
    name  text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL CHECK (stock >= 0)
);
ALTER TABLE products REPLICA IDENTITY FULL;

CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status      text NOT NULL DEFAULT 'placed',
    total       numeric(12, 2) NOT NULL,
    note        text DEFAULT 'none',
    placed_at   timestamptz NOT NULL DEFAULT now(),
    paid_at     timestamptz,
    shipped_at  timestamptz
);
ALTER TABLE orders REPLICA IDENTITY FULL;

CREATE TABLE order_items (
    order_id   bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    line       smallint NOT NULL,
    product_id integer NOT NULL REFERENCES products,
    quantity   smallint NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  integer NOT NULL REFERENCES products,
    customer_id bigint NOT NULL REFERENCES customers,
    stars       smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body        text,
    written_at  timestamp NOT NULL DEFAULT localtimestamp
);

INSERT INTO customers (name, email, born_on, preferences) VALUES
    ('Ada Lovelace', 'ada@shop.example', '1985-12-10', '{"language": "en"}'),
    ('Grace Hopper', 'grace@shop.example', '1986-12-09', '{"language": "en", "gift_wrap": true}'),
    ('Zoë Ågren', 'zoe.agren@shop.exmaple', '1990-02-28', '{"language": "sv"}'),
    ('李小龙', 'li@shop.example', NULL, '{}');

INSERT INTO products (id, name, price, stock) VALUES
    (1, 'Teapot', 24.90, 1000),
    (2, 'Tea, loose leaf', 7.00, 5000),
    (3, 'Cup and saucer', 12.50, 2000);

INSERT INTO orders (customer_id, status, total, placed_at, paid_at) VALUES
    (1, 'paid', 38.90, now() - interval '1 day', now() - interval '1 day');

INSERT INTO order_items (order_id, line, product_id, quantity, unit_price) VALUES
    (1, 1, 1, 1, 24.90),
    (1, 2, 2, 2, 7.00);

INSERT INTO reviews (product_id, customer_id, stars, body) VALUES
    (1, 1, 5, 'Pours without a drop.'),
    (3, 2, 4, E'Thin walls.\nArrived "well wrapped".'),
    (2, 4, 1, 'spam spam spam');
