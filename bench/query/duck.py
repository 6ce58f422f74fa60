"""DuckDB in this process: one table sorted by name, visitor and time, with its texts as ENUMs."""

import os

import duckdb

KINDS = ["name", "path", "browser", "country", "plan"]


class Engine:
    def __init__(self, folder, spec, _layout):
        self.file = os.path.join(folder, "duck.db")
        self.connection = duckdb.connect(self.file)
        self.load(folder, spec)

    def run(self, sql):
        return self.connection.execute(sql).fetchall()

    rows = run

    def load(self, folder, spec):
        self.run(f"CREATE TABLE person_of AS SELECT column0::UINTEGER AS visitor, column1::UINTEGER AS person "
                 f"FROM read_csv('{folder}/person.csv', header = false, columns = {{'column0': 'UINTEGER', 'column1': 'UINTEGER'}})")
        self.run(f"CREATE TEMP TABLE value AS SELECT * FROM read_csv('{folder}/value.csv', header = false, "
                 f"columns = {{'kind': 'VARCHAR', 'code': 'UINTEGER', 'text': 'VARCHAR'}})")
        for kind in KINDS:
            self.run(f"CREATE TYPE {kind}_text AS ENUM (SELECT text FROM value WHERE kind = '{kind}' ORDER BY code)")
        keys = [f"key{key}" for key in range(spec.keys)]
        types = {"visitor": "UINTEGER", "ts": "BIGINT", **{kind: "UINTEGER" for kind in KINDS}, "width": "USMALLINT"}
        types.update({key: "UTINYINT" for key in keys})
        # The code of an ENUM's value is its place, from 1 in a list.
        picked = ", ".join(f"enum_range(NULL::{kind}_text)[{kind} + 1]::{kind}_text AS {kind}" for kind in KINDS)
        self.run(f"""
            CREATE TABLE event AS SELECT visitor, ts, {picked}, width{"".join(f", {key}" for key in keys)}
            FROM read_csv('{folder}/event.csv', header = false, columns = {types}) ORDER BY name, visitor, ts""")
        self.run("CHECKPOINT")

    def bytes(self):
        return os.path.getsize(self.file)

    def columns(self):
        return {}

    def questions(self, spec):
        source = "event e LEFT JOIN person_of p ON e.visitor = p.visitor"
        person = "coalesce(p.person, e.visitor)"
        in_range = f"ts >= {spec.start_ms} AND ts < {spec.end_ms}"
        views = f"name = '{spec.view}' AND {in_range}"
        day = f"(ts - {spec.start_ms}) // {spec.day_ms}"
        week = f"(ts - {spec.start_ms}) // {spec.week_ms}"
        steps = ", ".join(f"'{name}'" for name in spec.steps)
        first, *others = spec.steps
        others = ", ".join(f"'{name}'" for name in others)
        of_path = f"(name IN ({others}) OR (name = '{first}' AND path = '{spec.path}'))"
        bit = f"(1 << ({week})::INTEGER)"
        lives = f"""
            SELECT {person} AS who, bit_or({bit}) FILTER (name = '{spec.view}') AS views, bit_or({bit}) AS weeks
            FROM {source} WHERE {in_range} GROUP BY who HAVING views IS NOT NULL"""
        lowest = lambda bits: f"bit_count(xor({bits}, {bits} - 1)) - 1"
        keys = " OR ".join(f"key{key} = {spec.key_value}" for key in range(spec.keys))
        return {
            "total": f"SELECT '', {day} AS d, count(*) FROM event WHERE {views} GROUP BY d",
            "persons": f"SELECT '', {day} AS d, count(DISTINCT {person}) FROM {source} WHERE {views} GROUP BY d",
            "by_browser": by_browser(spec, source, person, views, day),
            "top_paths": f"""
                SELECT CASE WHEN rank <= {spec.paths_limit} THEN path ELSE '$other' END AS label, sum(n) FROM (
                    SELECT path, n, row_number() OVER (ORDER BY n DESC, path) AS rank FROM (
                        SELECT path::VARCHAR AS path, n FROM (
                            SELECT path, count(*) AS n FROM event WHERE {views} GROUP BY path))
                ) GROUP BY label""",
            "by_country": f"""
                SELECT country, {week} AS w, count(DISTINCT {person}) FROM {source} WHERE {views} GROUP BY country, w""",
            "funnel": funnel(spec, source, person, f"name IN ({steps}) AND {in_range}"),
            "funnel_of_path": funnel(spec, source, person, f"{of_path} AND {in_range}"),
            "funnel_by_browser": funnel(spec, source, person, f"name IN ({steps}) AND {in_range}", "browser"),
            "retention": f"SELECT '', {lowest('views')} AS cohort, weeks, count(*) FROM ({lives}) GROUP BY cohort, weeks",
            "lifecycle": f"SELECT '', {lowest('weeks')} AS first, views, count(*) FROM ({lives}) GROUP BY first, views",
            "keys": f"SELECT '', {day} AS d, count(*) FROM event WHERE {views} AND ({keys}) GROUP BY d",
        }


def by_browser(spec, source, person, views, day):
    if spec.browsers <= spec.values_limit:
        return f"SELECT browser, {day} AS d, count(DISTINCT {person}) FROM {source} WHERE {views} GROUP BY browser, d"
    top = f"""
        SELECT browser FROM {source} WHERE {views} GROUP BY browser
        ORDER BY count(DISTINCT {person}) DESC, browser::VARCHAR LIMIT {spec.values_limit}"""
    return f"""
        SELECT CASE WHEN browser IN ({top}) THEN browser::VARCHAR ELSE '$other' END AS value, {day} AS d,
            count(DISTINCT {person}) FROM {source} WHERE {views} GROUP BY value, d"""


def funnel(spec, source, person, matching, value=None):
    """Two passes: when the latest attempt began that stands at the step before, for step 2 and then for step 3."""
    one, two, three = (f"name = '{name}'" for name in spec.steps)
    over = "(PARTITION BY who ORDER BY ts ROWS UNBOUNDED PRECEDING)"
    kept, text, label = ("", "''", "''")
    if value:
        kept, text, label = (f", {value}", f"arg_min({value}, ts)", "value")
    return f"""
        WITH matched AS (SELECT {person} AS who, ts, name{kept} FROM {source} WHERE {matching}),
        first AS (SELECT *, max(CASE WHEN {one} THEN ts END) OVER {over} AS began FROM matched),
        second AS (
            SELECT *, max(CASE WHEN {two} AND ts - began <= {spec.window_ms} THEN began END) OVER {over} AS carried FROM first
        ), person AS (
            SELECT {text} AS value, CASE
                WHEN bool_or({three} AND ts - carried <= {spec.window_ms}) THEN 3
                WHEN bool_or({two} AND ts - began <= {spec.window_ms}) THEN 2
                WHEN bool_or({one}) THEN 1 ELSE 0 END AS depth
            FROM second GROUP BY who
        )
        SELECT {label}, depth, count(*) FROM person GROUP BY ALL"""
