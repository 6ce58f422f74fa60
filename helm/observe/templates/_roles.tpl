{{/*
The five services: their ports, which others each calls (the calls of docs/service-graph.toml), which stores it has, which name
of the gRPC health protocol says that it is of use, whether it dials addresses that users name, and whether its replicas pass calls
on to each other.

events is of use while it can accept: a PostgreSQL that is away must not take capture with it.
*/}}
{{- define "observe.roles" -}}
gateway:
  port: 8080
  calls: [identity, events, monitor, reports]
  cache: true
identity:
  port: 8081
  calls: []
  database: true
  bootstrap: true
  ready: ""
events:
  port: 8082
  calls: [identity]
  database: true
  queue: true
  ready: observe.events.v1.IngestService
monitor:
  port: 8083
  calls: []
  database: true
  outside: true
  ready: ""
reports:
  port: 8084
  calls: [events, identity, monitor]
  database: true
  cache: true
  forwards: true
  ready: ""
{{- end }}
