"""ClickHouse in this process, in one of two layouts: `day`, sorted by day, name and visitor, or `visitor`, by visitor and time."""

import json
import os

from chdb import session

LAYOUTS = {
    "day": {
        "order": "(intDiv(ts, 86400000), name, cityHash64(visitor))",
        "visitor": "T64, LZ4",
        "ts": "T64, LZ4",
    },
    "visitor": {"order": "(visitor, ts)", "visitor": "Delta, LZ4", "ts": "Delta, LZ4"},
}
KINDS = ["name", "path", "browser", "country", "plan"]
# Up to so many different texts, a column of codes is what ClickHouse recommends.
LOW_CARDINALITY_MAX = 10_000


class Engine:
    def __init__(self, folder, spec, layout):
        self.session = session.Session(os.path.join(folder, f"clickhouse-{layout}"))
        self.create(spec, LAYOUTS[layout])
        self.load(folder, spec)

    def run(self, sql):
        return self.session.query(sql, "JSONCompactEachRow")

    def rows(self, sql):
        return [json.loads(line) for line in str(self.run(sql)).splitlines() if line]

    def create(self, spec, layout):
        browser = "LowCardinality(String)" if spec.browsers <= LOW_CARDINALITY_MAX else "String"
        keys = "".join(f", key{key} UInt8" for key in range(spec.keys))
        self.run(f"""
            CREATE TABLE event (
                visitor UInt32 CODEC({layout["visitor"]}), ts UInt64 CODEC({layout["ts"]}),
                name LowCardinality(String), path LowCardinality(String), browser {browser},
                country LowCardinality(String), plan LowCardinality(String), width UInt16{keys}
            ) ENGINE = MergeTree ORDER BY {layout["order"]} SETTINGS min_bytes_for_wide_part = 0""")
        self.run("CREATE TABLE person_of (visitor UInt64, person UInt32) ENGINE = MergeTree ORDER BY visitor")
        self.run("CREATE TABLE value (kind String, code UInt32, text String) ENGINE = MergeTree ORDER BY (kind, code)")

    def load(self, folder, spec):
        file = lambda name, columns: f"file('{folder}/{name}.csv', CSV, '{columns}')"
        self.run(f"INSERT INTO person_of SELECT * FROM {file('person', 'visitor UInt64, person UInt32')}")
        self.run(f"INSERT INTO value SELECT * FROM {file('value', 'kind String, code UInt32, text String')}")
        self.run("""
            CREATE DICTIONARY person (visitor UInt64, person UInt32) PRIMARY KEY visitor
            SOURCE(CLICKHOUSE(TABLE 'person_of' DB 'default')) LAYOUT(FLAT(MAX_ARRAY_SIZE 100000000)) LIFETIME(0)""")
        texts = ", ".join(
            f"(SELECT groupArray(text) FROM (SELECT text FROM value WHERE kind = '{kind}' ORDER BY code)) AS {kind}s"
            for kind in KINDS
        )
        picked = ", ".join(f"{kind}s[code_of_{kind} + 1]" for kind in KINDS)
        codes = ", ".join(f"code_of_{kind} UInt32" for kind in KINDS)
        keys = [f"key{key}" for key in range(spec.keys)]
        columns = f"visitor UInt32, ts UInt64, {codes}, width UInt16" + "".join(f", {key} UInt8" for key in keys)
        self.run(f"""
            INSERT INTO event WITH {texts}
            SELECT visitor, ts, {picked}, width{"".join(f", {key}" for key in keys)} FROM {file("event", columns)}""")
        self.run("OPTIMIZE TABLE event FINAL")
        self.run("SYSTEM RELOAD DICTIONARY person")

    def bytes(self):
        [[total]] = self.rows(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'default' AND table = 'event'"
        )
        return int(total)

    def columns(self):
        rows = self.rows("""
            SELECT column, sum(column_data_compressed_bytes) FROM system.parts_columns
            WHERE active AND database = 'default' AND table = 'event' GROUP BY column""")
        return {column: int(total) for column, total in rows}

    def questions(self, spec):
        person = "dictGetOrDefault('person', 'person', toUInt64(visitor), visitor)"
        in_range = f"ts >= {spec.start_ms} AND ts < {spec.end_ms}"
        views = f"name = '{spec.view}' AND {in_range}"
        day = f"intDiv(ts - {spec.start_ms}, {spec.day_ms})"
        week = f"intDiv(ts - {spec.start_ms}, {spec.week_ms})"
        steps = ", ".join(f"'{name}'" for name in spec.steps)
        conditions = ", ".join(f"name = '{name}'" for name in spec.steps)
        depth = f"windowFunnel({spec.window_ms})(ts, {conditions})"
        first, *others = spec.steps
        others = ", ".join(f"'{name}'" for name in others)
        of_path = f"(name IN ({others}) OR (name = '{first}' AND path = '{spec.path}'))"
        bit = f"bitShiftLeft(toUInt32(1), toUInt8({week}))"
        lives = f"""
            SELECT {person} AS p, groupBitOrIf({bit}, name = '{spec.view}') AS views, groupBitOr({bit}) AS weeks
            FROM event WHERE {in_range} GROUP BY p HAVING views != 0"""
        lowest = lambda bits: f"bitCount(bitXor({bits}, {bits} - 1)) - 1"
        keys = " OR ".join(f"key{key} = {spec.key_value}" for key in range(spec.keys))
        return {
            "total": f"SELECT '', {day} AS d, count() FROM event WHERE {views} GROUP BY d",
            "persons": f"SELECT '', {day} AS d, uniqExact({person}) FROM event WHERE {views} GROUP BY d",
            "by_browser": by_browser(spec, person, views, day),
            "top_paths": f"""
                SELECT if(rank <= {spec.paths_limit}, path, '$other') AS label, sum(n) FROM (
                    SELECT path, n, row_number() OVER (ORDER BY n DESC, path) AS rank
                    FROM (SELECT path, count() AS n FROM event WHERE {views} GROUP BY path)
                ) GROUP BY label""",
            "by_country": f"""
                SELECT country, {week} AS w, uniqExact({person}) FROM event WHERE {views} GROUP BY country, w""",
            "funnel": f"""
                SELECT '', depth, count() FROM (
                    SELECT {person} AS p, {depth} AS depth FROM event WHERE name IN ({steps}) AND {in_range} GROUP BY p
                ) GROUP BY depth""",
            "funnel_of_path": f"""
                SELECT '', depth, count() FROM (
                    SELECT {person} AS p, {depth} AS depth FROM event WHERE {of_path} AND {in_range} GROUP BY p
                ) GROUP BY depth""",
            "funnel_by_browser": f"""
                SELECT value, depth, count() FROM (
                    SELECT {person} AS p, {depth} AS depth, argMin(browser, ts) AS value
                    FROM event WHERE name IN ({steps}) AND {in_range} GROUP BY p
                ) GROUP BY value, depth""",
            "retention": f"SELECT '', {lowest('views')} AS cohort, weeks, count() FROM ({lives}) GROUP BY cohort, weeks",
            "lifecycle": f"SELECT '', {lowest('weeks')} AS first, views, count() FROM ({lives}) GROUP BY first, views",
            "keys": f"SELECT '', {day} AS d, count() FROM event WHERE {views} AND ({keys}) GROUP BY d",
        }


def by_browser(spec, person, views, day):
    if spec.browsers <= spec.values_limit:
        return f"SELECT browser, {day} AS d, uniqExact({person}) FROM event WHERE {views} GROUP BY browser, d"
    top = f"""
        SELECT browser FROM event WHERE {views} GROUP BY browser
        ORDER BY uniqExact({person}) DESC, browser LIMIT {spec.values_limit}"""
    return f"""
        SELECT if(browser IN ({top}), browser, '$other') AS value, {day} AS d, uniqExact({person})
        FROM event WHERE {views} GROUP BY value, d"""
