{{/* What a schema cannot say, all of it at once. */}}
{{- define "observe.validate" -}}
{{- $problems := list }}
{{- $ownDatabases := true }}
{{- range list "identity" "events" "monitor" "reports" }}
{{- if not (index $.Values .).databaseSecret }}{{ $ownDatabases = false }}{{ end }}
{{- end }}
{{- if not (or .Values.database.url .Values.database.existingSecret $ownDatabases) }}
{{- $problems = append $problems "database.url or database.existingSecret is needed: your PostgreSQL" }}
{{- end }}
{{- if not (or .Values.queueRedis.url .Values.queueRedis.existingSecret) }}
{{- $problems = append $problems "queueRedis.url or queueRedis.existingSecret is needed: your queue Redis" }}
{{- end }}
{{- range $name := list "database" "queueRedis" "cacheRedis" }}
{{- $store := index $.Values $name }}
{{- if and $store.url $store.existingSecret }}
{{- $problems = append $problems (printf "%s.url and %s.existingSecret exclude each other" $name $name) }}
{{- end }}
{{- end }}
{{- if not (or .Values.bootstrap.email .Values.bootstrap.existingSecret) }}
{{- $problems = append $problems "bootstrap.email or bootstrap.existingSecret is needed: the first account" }}
{{- end }}
{{- if and .Values.bootstrap.email .Values.bootstrap.existingSecret }}
{{- $problems = append $problems "bootstrap.email and bootstrap.existingSecret exclude each other" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- $problems = append $problems "ingress.host is needed when ingress.enabled is true" }}
{{- end }}
{{- if $problems }}
{{- fail (printf "\n  %s" (join "\n  " $problems)) }}
{{- end }}
{{- end }}
