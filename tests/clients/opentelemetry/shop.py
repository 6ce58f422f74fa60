"""A shop whose payment fails, traced by OpenTelemetry's Python SDK.

Arguments: the server's host and port, a key, and how to export: grpc, grpc-gzip, http or http-gzip.
"""

import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode


def exporter(address, key, how):
    if how.startswith("grpc"):
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        compression = Compression.Gzip if how.endswith("gzip") else Compression.NoCompression
        return OTLPSpanExporter(
            endpoint=f"http://{address}", insecure=True, headers=(("x-api-key", key),), compression=compression
        )
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    compression = Compression.Gzip if how.endswith("gzip") else Compression.NoCompression
    return OTLPSpanExporter(
        endpoint=f"http://{address}/v1/traces", headers={"authorization": f"Bearer {key}"}, compression=compression
    )


address, key, how = sys.argv[1:]
provider = TracerProvider(resource=Resource.create({"service.name": f"shop-{how}"}))
provider.add_span_processor(BatchSpanProcessor(exporter(address, key, how)))
tracer = provider.get_tracer("shop")

for number in range(50):
    attributes = {"http.request.method": "GET", "url.path": f"/products/{number}", "http.response.status_code": 200}
    with tracer.start_as_current_span("GET", kind=SpanKind.SERVER, attributes=attributes):
        with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT):
            pass
for number in range(10):
    attributes = {"http.request.method": "POST", "http.route": "/pay/{order}", "enduser.id": f"person-{number % 4}"}
    with tracer.start_as_current_span("POST /pay/{order}", kind=SpanKind.SERVER, attributes=attributes) as span:
        failed = number < 3
        span.set_attribute("http.response.status_code", 502 if failed else 200)
        if failed:
            span.record_exception(ConnectionError("no route to bank"))
            span.set_status(Status(StatusCode.ERROR))
assert provider.force_flush(20_000), "the spans were not taken in"
provider.shutdown()
