/** Working lines for this installation and this key, for the first request to be seen. */

/** The environment of any OpenTelemetry SDK; the program itself stays as it is. */
export function otelSnippet(host: string, key: string): string {
  return `export OTEL_SERVICE_NAME=checkout
export OTEL_EXPORTER_OTLP_ENDPOINT=${host}
export OTEL_EXPORTER_OTLP_HEADERS=x-api-key=${key}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
}

/** One request told by hand, for programs without OpenTelemetry. */
export function requestSnippet(host: string, key: string): string {
  return `curl ${host}/v1/events \\
  -H 'authorization: Bearer ${key}' \\
  -d '{"name": "$request", "distinct_id": "user-17", "properties": {
        "service": "checkout", "method": "POST", "route": "/orders/:id",
        "status": 200, "duration_ms": 84}}'`;
}
