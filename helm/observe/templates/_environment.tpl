{{/* The Secret that holds a store's URL. Takes the store's values, the key in the chart's own Secret, and the root. */}}
{{- define "observe.storeUrl" -}}
secretKeyRef:
  {{- if .store.existingSecret }}
  name: {{ .store.existingSecret }}
  key: {{ .store.existingSecretKey }}
  {{- else }}
  name: {{ .secret | default (printf "%s-stores" (include "observe.fullname" .root)) }}
  key: {{ .key }}
  {{- end }}
{{- end }}

{{/* The PostgreSQL of one service. */}}
{{- define "observe.databaseVariable" -}}
{{- $own := (index .root.Values .name).databaseSecret }}
{{- if $own }}
- name: OBSERVE_{{ upper .name }}_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ $own }}
      key: url
{{- else }}
- name: OBSERVE_DATABASE_URL
  valueFrom:
    {{- include "observe.storeUrl" (dict "store" .root.Values.database "key" "database-url" "root" .root) | nindent 4 }}
{{- end }}
{{- end }}

{{/* The first account and keys. */}}
{{- define "observe.bootstrapVariables" -}}
{{- $bootstrap := .Values.bootstrap }}
{{- if or $bootstrap.email $bootstrap.existingSecret }}
{{- $secret := $bootstrap.existingSecret | default (printf "%s-bootstrap" (include "observe.fullname" .)) }}
{{- range $variable, $key := dict "EMAIL" "email" "PASSWORD" "password" "WRITE_KEY" "write-key" "SECRET_KEY" "secret-key" }}
- name: OBSERVE_BOOTSTRAP_{{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- end }}

{{/* All variables of one service. Takes its name, its line of observe.roles, and the root. */}}
{{- define "observe.environment" -}}
{{- $root := .root }}
{{- $values := .root.Values }}
- name: OBSERVE_LISTEN
  value: "0.0.0.0:{{ .role.port }}"
- name: OBSERVE_LOG
  value: {{ $values.log | quote }}
- name: OBSERVE_SECRET
  valueFrom:
    secretKeyRef:
      {{- if $values.secret.existingSecret }}
      name: {{ $values.secret.existingSecret }}
      key: {{ $values.secret.existingSecretKey }}
      {{- else }}
      name: {{ include "observe.fullname" $root }}-secret
      key: secret
      {{- end }}
{{- if .role.forwards }}
# Where its other replicas reach this pod.
- name: OBSERVE_ADVERTISE_HOST
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
{{- end }}
{{- range .role.calls }}
- name: OBSERVE_{{ upper . }}_URL
  value: http://{{ include "observe.fullname" $root }}-{{ . }}:{{ (index $.roles .).port }}
{{- end }}
{{- if .role.database }}
{{- include "observe.databaseVariable" . }}
{{- end }}
{{- if .role.queue }}
- name: OBSERVE_QUEUE_REDIS_URL
  valueFrom:
    {{- include "observe.storeUrl" (dict "store" $values.queueRedis "key" "queue-redis-url" "root" $root) | nindent 4 }}
{{- end }}
{{- if .role.bootstrap }}
{{- include "observe.bootstrapVariables" $root }}
{{- end }}
{{- if and (eq .name "gateway") $values.publicUrl }}
- name: OBSERVE_PUBLIC_URL
  value: {{ $values.publicUrl | quote }}
{{- end }}
{{- if and (eq .name "gateway") $values.trustedProxies }}
- name: OBSERVE_TRUSTED_PROXIES
  value: {{ join "," $values.trustedProxies | quote }}
{{- end }}
{{- if .role.cache }}
{{- if or $values.cacheRedis.url $values.cacheRedis.existingSecret }}
- name: OBSERVE_CACHE_REDIS_URL
  valueFrom:
    {{- include "observe.storeUrl" (dict "store" $values.cacheRedis "key" "cache-redis-url" "root" $root) | nindent 4 }}
{{- end }}
{{- end }}
{{- if eq .name "gateway" }}
{{- range $variable, $key := dict "KEY_EVENTS_PER_SECOND" "keyEventsPerSecond" "ADDRESS_REQUESTS_PER_SECOND" "addressRequestsPerSecond" }}
{{- if hasKey $values.rateLimits $key }}
- name: OBSERVE_{{ $variable }}
  value: {{ index $values.rateLimits $key | int64 | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq .name "gateway") $values.geoip.claim }}
- name: OBSERVE_GEOIP_DB
  value: /geoip/{{ $values.geoip.file }}
{{- end }}
{{- if and .role.outside $values.egressAllow }}
- name: OBSERVE_EGRESS_ALLOW
  value: {{ join "," $values.egressAllow | quote }}
{{- end }}
{{- if $values.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $values.otlpEndpoint | quote }}
{{- end }}
{{- end }}
