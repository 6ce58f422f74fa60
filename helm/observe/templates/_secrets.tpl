{{/* The URLs of stores that were given as values, as a Secret's data. */}}
{{- define "observe.storesData" -}}
{{- if and .Values.database.url (not .Values.database.existingSecret) }}
database-url: {{ .Values.database.url | b64enc }}
{{- end }}
{{- if and .Values.queueRedis.url (not .Values.queueRedis.existingSecret) }}
queue-redis-url: {{ .Values.queueRedis.url | b64enc }}
{{- end }}
{{- if and .Values.cacheRedis.url (not .Values.cacheRedis.existingSecret) }}
cache-redis-url: {{ .Values.cacheRedis.url | b64enc }}
{{- end }}
{{- end }}

{{- define "observe.storesChecksum" -}}
{{- list .Values.database .Values.queueRedis .Values.cacheRedis | toJson | sha256sum -}}
{{- end }}

{{/* What a Secret of ours holds already under a key, else the given text, in base64. */}}
{{- define "observe.kept" -}}
{{- $existing := lookup "v1" "Secret" .root.Release.Namespace .name | default dict }}
{{- index ($existing.data | default dict) .key | default (.made | b64enc) }}
{{- end }}
