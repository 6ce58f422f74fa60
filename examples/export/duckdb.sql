-- Questions to exported files, for DuckDB: in the folder of events.parquet and persons.parquet, `duckdb -f duckdb.sql`.
SET TimeZone = 'UTC';
CREATE VIEW events AS SELECT * FROM read_parquet('events.parquet');
CREATE VIEW persons AS SELECT * FROM read_parquet('persons.parquet');

-- Weekly active persons: how many different persons did anything, by week. Nobody's events have no person and do not count.
SELECT date_trunc('week', timestamp)::DATE AS week, count(DISTINCT person_id) AS persons
FROM events GROUP BY week ORDER BY week;

-- A funnel: who viewed a product, put one into the cart, began to check out and paid, in this order and whatever came between.
WITH viewed AS (
    SELECT person_id, min(timestamp) AS at FROM events
    WHERE name = 'product_viewed' AND person_id IS NOT NULL GROUP BY person_id
), added AS (
    SELECT person_id, min(timestamp) AS at FROM events JOIN viewed USING (person_id)
    WHERE name = 'added_to_cart' AND timestamp >= viewed.at GROUP BY person_id
), started AS (
    SELECT person_id, min(timestamp) AS at FROM events JOIN added USING (person_id)
    WHERE name = 'checkout_started' AND timestamp >= added.at GROUP BY person_id
), paid AS (
    SELECT person_id, min(timestamp) AS at FROM events JOIN started USING (person_id)
    WHERE name = 'paid' AND timestamp >= started.at GROUP BY person_id
)
SELECT (SELECT count(*) FROM viewed) AS viewed, (SELECT count(*) FROM added) AS added,
       (SELECT count(*) FROM started) AS started, (SELECT count(*) FROM paid) AS paid;

-- What each plan brought: a property of events, by a property of persons.
SELECT persons.properties->>'$.plan' AS plan, count(DISTINCT person_id) AS persons,
       round(sum((events.properties->>'$.revenue')::DECIMAL(18, 2)), 2) AS revenue
FROM events LEFT JOIN persons USING (person_id)
WHERE name = 'paid' GROUP BY plan ORDER BY plan;
