"""What small teams build first: FastAPI checks an event and pushes it onto a Redis list; Celery stores it from there."""

import os
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import orjson
from fastapi import FastAPI
from pydantic import BaseModel, Field, model_validator
from redis.asyncio import BlockingConnectionPool, Redis

QUEUE = "events"
# Workers may wait for each other's connection, as they may for Observe's.
CONNECTIONS_MAX = 64

app = FastAPI(openapi_url=None)
redis = Redis(connection_pool=BlockingConnectionPool.from_url(os.environ["QUEUE_URL"], max_connections=CONNECTIONS_MAX))


class Event(BaseModel):
    uuid: UUID
    name: str = Field(min_length=1, max_length=200)
    anonymous_id: str | None = Field(default=None, max_length=200)
    user_id: str | None = Field(default=None, max_length=200)
    timestamp: datetime | None = None
    properties: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def has_an_id(self) -> "Event":
        if not (self.user_id or self.anonymous_id):
            raise ValueError("an event needs a user_id or an anonymous_id")
        return self


def packed(event: Event) -> bytes:
    return orjson.dumps(
        {
            "uuid": event.uuid,
            "name": event.name,
            "distinct_id": event.user_id or event.anonymous_id,
            "time": event.timestamp or datetime.now(timezone.utc),
            "properties": event.properties,
        }
    )


@app.post("/event", status_code=202)
async def capture(event: Event) -> dict[str, int]:
    await redis.lpush(QUEUE, packed(event))
    return {"accepted": 1}


@app.post("/batch", status_code=202)
async def capture_batch(events: list[Event]) -> dict[str, int]:
    await redis.lpush(QUEUE, *[packed(event) for event in events])
    return {"accepted": len(events)}
