{{/* Every address but those where a cloud keeps its credentials, and every pod: some networks do not count pods as addresses. */}}
{{- define "observe.anywhere" -}}
- namespaceSelector: {}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [169.254.0.0/16]
- ipBlock:
    cidr: ::/0
    except: [fe80::/10]
{{- end }}

{{/* Public addresses: what is left when private, shared, link-local, loopback, documentation, multicast and reserved networks
are taken away (the IANA special-purpose registries), and one address at which a cloud answers its machines. */}}
{{- define "observe.public" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      - 0.0.0.0/8
      - 10.0.0.0/8
      - 100.64.0.0/10
      - 127.0.0.0/8
      - 168.63.129.16/32
      - 169.254.0.0/16
      - 172.16.0.0/12
      - 192.0.0.0/24
      - 192.168.0.0/16
      - 198.18.0.0/15
      - 224.0.0.0/4
      - 240.0.0.0/4
- ipBlock:
    cidr: 2000::/3
    except:
      - 2001::/32
      - 2001:db8::/32
      - 2002::/16
{{- end }}

{{- define "observe.dnsRule" -}}
- to:
    {{- if .Values.networkPolicy.dnsTo }}
    {{- toYaml .Values.networkPolicy.dnsTo | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    {{- end }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{/* One port, at the named peers or anywhere. Takes peers and port. */}}
{{- define "observe.storeRule" -}}
- to:
    {{- if .peers }}
    {{- toYaml .peers | nindent 4 }}
    {{- else }}
    {{- include "observe.anywhere" . | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}

{{/* The port of the OTLP endpoint. */}}
{{- define "observe.collectorPort" -}}
{{- regexFind ":[0-9]+$" (urlParse .Values.otlpEndpoint).host | trimPrefix ":" | default "80" }}
{{- end }}
