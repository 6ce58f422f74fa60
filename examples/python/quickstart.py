"""Captures two events of one visitor and asks how many persons went from the first to the second.

The README says how to generate the modules that are imported here.
"""

import os
import time
import uuid

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from observe.common.v1.time_range_pb2 import TimeRange
from observe.events.v1 import capture_service_pb2 as capture
from observe.events.v1.capture_service_pb2_grpc import CaptureServiceStub
from observe.reports.v1 import funnel_pb2 as funnel
from observe.reports.v1.insight_service_pb2_grpc import InsightServiceStub

DAY = 24 * 60 * 60
DEADLINE_SECONDS = 10


def bearer(variable):
    """The metadata of a call with the key in this environment variable."""
    return [("authorization", f"Bearer {os.environ[variable]}")]


def main():
    channel = grpc.insecure_channel(os.environ.get("OBSERVE_ADDRESS", "127.0.0.1:8080"))
    visitor = f"visitor-{uuid.uuid4()}"

    batch = capture.CaptureRequest()
    for name in ("page_viewed", "signed_up"):
        # With a uuid of our own, sending the same batch again is harmless.
        event = batch.events.add(uuid=str(uuid.uuid4()), name=name, anonymous_id=visitor)
        event.properties.update({"path": "/pricing", "visitor": visitor})
    answer = CaptureServiceStub(channel).Capture(batch, metadata=bearer("WRITE_KEY"), timeout=DEADLINE_SECONDS)
    for receipt in answer.receipts:
        print(receipt.uuid, capture.Receipt.Outcome.Name(receipt.outcome), receipt.code)

    now = int(time.time())
    question = funnel.QueryFunnelRequest(
        range=TimeRange(start_time=Timestamp(seconds=now - DAY), end_time=Timestamp(seconds=now + DAY)),
        steps=[funnel.FunnelStep(event="page_viewed"), funnel.FunnelStep(event="signed_up")],
    )
    question.filter.conditions.add(property="visitor", values=[visitor])
    insights = InsightServiceStub(channel)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        steps = insights.QueryFunnel(question, metadata=bearer("SECRET_KEY"), timeout=DEADLINE_SECONDS).steps
        if steps[-1].persons == 1 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    for step in steps:
        print(f"{step.event}: {step.persons} person(s)")


if __name__ == "__main__":
    main()
