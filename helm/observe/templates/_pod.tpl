{{/* What all pods share. No service link: the variables that Kubernetes would make of a Service called observe-... are settings
that the program does not know, and it refuses those. */}}
{{- define "observe.podDefaults" -}}
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "observe.containerDefaults" -}}
image: {{ include "observe.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Whether it lives (no store has a say), and whether it is of use now. */}}
{{- define "observe.probes" -}}
{{- $live := dict "httpGet" (dict "path" "/healthz" "port" "http") }}
{{- $ready := dict "httpGet" (dict "path" "/readyz" "port" "http") }}
{{- if ne .name "gateway" }}
{{- $live = dict "grpc" (dict "port" .role.port "service" "observe.live") }}
{{- $ready = dict "grpc" (dict "port" .role.port) }}
{{- with .role.ready }}
{{- $_ := set $ready.grpc "service" . }}
{{- end }}
{{- end }}
startupProbe:
  {{- toYaml $live | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
livenessProbe:
  {{- toYaml $live | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- toYaml $ready | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}
