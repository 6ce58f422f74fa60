-- Questions to exported files, for ClickHouse: in the folder of events.parquet and persons.parquet,
-- `clickhouse local --queries-file clickhouse.sql`.

-- Weekly active persons: how many different persons did anything, by week. Nobody's events have no person and do not count.
SELECT toStartOfWeek(timestamp, 1) AS week, uniqExact(person_id) AS persons
FROM file('events.parquet', Parquet) GROUP BY week ORDER BY week;

-- A funnel: who viewed a product, put one into the cart, began to check out and paid, in this order, within 30 days.
SELECT countIf(steps >= 1) AS viewed, countIf(steps >= 2) AS added, countIf(steps >= 3) AS started, countIf(steps >= 4) AS paid
FROM (
    SELECT person_id, windowFunnel(30 * 86400 * 1000000)(
        toUInt64(toUnixTimestamp64Micro(timestamp)),
        name = 'product_viewed', name = 'added_to_cart', name = 'checkout_started', name = 'paid'
    ) AS steps
    FROM file('events.parquet', Parquet) WHERE person_id IS NOT NULL GROUP BY person_id
);

-- What each plan brought: a property of events, by a property of persons.
SELECT JSONExtract(toString(persons.properties), 'plan', 'Nullable(String)') AS plan, uniqExact(person_id) AS persons,
       round(sum(JSONExtractFloat(toString(events.properties), 'revenue')), 2) AS revenue
FROM file('events.parquet', Parquet) AS events LEFT JOIN file('persons.parquet', Parquet) AS persons USING (person_id)
WHERE name = 'paid' GROUP BY plan ORDER BY plan;
