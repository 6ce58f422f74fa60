"""The other half: a Celery task that moves up to 500 events a transaction from the list into PostgreSQL."""

import os

import orjson
import psycopg
from celery import Celery
from redis import Redis

QUEUE = "events"
ROWS_A_TRANSACTION = 500
INSERT = "insert into event (uuid, name, distinct_id, time, properties) values {} on conflict (uuid) do nothing"
ROW = "(%s, %s, %s, %s, %s)"

app = Celery("worker", broker=os.environ["BROKER_URL"])
app.conf.update(worker_prefetch_multiplier=1, task_ignore_result=True, worker_hijack_root_logger=False)
redis = Redis.from_url(os.environ["QUEUE_URL"])
database: psycopg.Connection | None = None


def connection() -> psycopg.Connection:
    """One a process: Celery forks before it works."""
    global database
    if database is None or database.closed:
        database = psycopg.connect(os.environ["DATABASE_URL"])
    return database


@app.task
def store() -> None:
    """Works until the list is empty."""
    while texts := redis.rpop(QUEUE, ROWS_A_TRANSACTION):
        values: list[str] = []
        for text in texts:
            event = orjson.loads(text)
            values += [event["uuid"], event["name"], event["distinct_id"], event["time"]]
            values.append(orjson.dumps(event["properties"]).decode())
        with connection().transaction(), connection().cursor() as cursor:
            cursor.execute(INSERT.format(", ".join([ROW] * len(texts))), values)
