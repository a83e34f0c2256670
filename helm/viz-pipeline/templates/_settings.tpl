{{/*
  The services' settings: plain ones as environment variables, secret ones as files of one projected volume, so that they appear neither in
  `kubectl describe` nor in the environment of a process. Both are named Section__Key; a service finds the files through VIZ_SECRETS.
  All take (dict "root" . "role" "coordinator"), the role being coordinator, worker, atlas or migration.
*/}}

{{- define "viz.usesPostgres" -}}{{ if ne .role "worker" }}yes{{ end }}{{- end }}
{{- define "viz.usesBus" -}}{{ if ne .role "migration" }}yes{{ end }}{{- end }}
{{- define "viz.hasApiKeys" -}}{{ if has .role (list "coordinator" "atlas") }}yes{{ end }}{{- end }}

{{- define "viz.postgresHost" -}}
{{- if .Values.trial.enabled }}{{ include "viz.fullname" . }}-postgres
{{- else }}{{ required "postgres.host: say where PostgreSQL is, or set trial.enabled" .Values.postgres.host }}{{ end }}
{{- end }}

{{- define "viz.rabbitHost" -}}
{{- if .Values.trial.enabled }}{{ include "viz.fullname" . }}-rabbitmq
{{- else }}{{ required "rabbitmq.host: say where RabbitMQ is, or set trial.enabled" .Values.rabbitmq.host }}{{ end }}
{{- end }}

{{- define "viz.objectStoreEndpoint" -}}
{{- if .Values.trial.enabled }}http://{{ include "viz.fullname" . }}-objectstore:8333
{{- else }}{{ required "objectStore.endpoint: say where the S3 is, as http(s)://host:port, or set trial.enabled" .Values.objectStore.endpoint }}{{ end }}
{{- end }}

{{- define "viz.managementUrl" -}}
{{- if .Values.trial.enabled }}http://{{ include "viz.fullname" . }}-rabbitmq:15672
{{- else }}{{ required "rabbitmq.management.url: KEDA asks it for the length of the queues" .Values.rabbitmq.management.url }}{{ end }}
{{- end }}

{{- define "viz.trialSecret" -}}
{{- required "trial.existingSecret: name the Secret that you made, README.md has its keys" .Values.trial.existingSecret }}
{{- end }}

{{- define "viz.environment" -}}
{{- $v := .root.Values -}}
- { name: VIZ_SECRETS, value: /etc/viz/secrets }
- { name: VIZ_LOG, value: {{ $v.log }} }
{{- /*
  Servers, and tables, that come later are waited for and not crashed over. Less than the startup probe allows, so that the log says in the end what was
  missing.
*/}}
- { name: Startup__PatienceSeconds, value: "240" }
{{- if and $v.otlpEndpoint (ne .role "migration") }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ $v.otlpEndpoint | quote }} }
{{- end }}
{{- if include "viz.usesPostgres" . }}
- { name: Postgres__Host, value: {{ include "viz.postgresHost" .root | quote }} }
{{- if $v.trial.enabled }}
- { name: Postgres__Port, value: "5432" }
- { name: Postgres__Database, value: viz }
- { name: Postgres__User, value: {{ eq .role "atlas" | ternary "viz_atlas" "viz" }} }
- { name: Postgres__Tls, value: Disable }
{{- else }}
- { name: Postgres__Port, value: {{ $v.postgres.port | quote }} }
- { name: Postgres__Database, value: {{ $v.postgres.database | quote }} }
- { name: Postgres__Tls, value: {{ $v.postgres.tls }} }
{{- if $v.postgres.ca.configMap }}
- { name: Postgres__CaFile, value: /etc/viz/ca/postgres.crt }
{{- end }}
{{- end }}
{{- end }}
{{- if include "viz.usesBus" . }}
- { name: RabbitMq__Host, value: {{ include "viz.rabbitHost" .root | quote }} }
{{- if $v.trial.enabled }}
- { name: RabbitMq__Port, value: "5672" }
- { name: RabbitMq__VirtualHost, value: viz }
- { name: RabbitMq__User, value: viz-{{ .role }} }
- { name: RabbitMq__Tls, value: "false" }
{{- else }}
- { name: RabbitMq__Port, value: {{ $v.rabbitmq.port | quote }} }
- { name: RabbitMq__VirtualHost, value: {{ $v.rabbitmq.virtualHost | quote }} }
- { name: RabbitMq__Tls, value: {{ $v.rabbitmq.tls | quote }} }
{{- if $v.rabbitmq.ca.configMap }}
- { name: RabbitMq__CaFile, value: /etc/viz/ca/rabbitmq.crt }
{{- end }}
{{- end }}
- { name: ObjectStore__Endpoint, value: {{ include "viz.objectStoreEndpoint" .root | quote }} }
- { name: ObjectStore__Bucket, value: {{ $v.trial.enabled | ternary "viz" $v.objectStore.bucket | quote }} }
- { name: ObjectStore__Region, value: {{ $v.objectStore.region | quote }} }
{{- if and $v.objectStore.ca.configMap (not $v.trial.enabled) }}
- { name: ObjectStore__CaFile, value: /etc/viz/ca/objectstore.crt }
{{- end }}
{{- end }}
{{- if include "viz.hasApiKeys" . }}
- { name: Http__OpenReading, value: {{ $v.http.openReading | quote }} }
{{- end }}
{{- end }}

{{/* The sources of the projected volume of secrets. */}}
{{- define "viz.secretSources" -}}
{{- $v := .root.Values -}}
{{- if $v.trial.enabled -}}
- secret:
    name: {{ include "viz.trialSecret" .root }}
    items:
      {{- if include "viz.usesPostgres" . }}
      - { key: {{ eq .role "atlas" | ternary "postgres-atlas-password" "postgres-password" }}, path: Postgres__Password }
      {{- end }}
      {{- if include "viz.usesBus" . }}
      - { key: rabbitmq-{{ .role }}-password, path: RabbitMq__Password }
      - { key: s3-{{ .role }}-access-key, path: ObjectStore__AccessKey }
      - { key: s3-{{ .role }}-secret-key, path: ObjectStore__SecretKey }
      {{- end }}
      {{- if include "viz.hasApiKeys" . }}
      - { key: api-keys, path: Http__ApiKeys }
      {{- end }}
{{- else }}
{{- if include "viz.usesPostgres" . }}
{{- $role := .role }}
{{- if and (eq .role "migration") (not $v.postgres.migration.existingSecret) }}{{ $role = "coordinator" }}{{ end }}
{{- $account := index $v.postgres $role }}
- secret:
    name: {{ required (printf "postgres.%s.existingSecret: name the Secret with PostgreSQL's account" $role) $account.existingSecret }}
    items:
      - { key: {{ $account.userKey }}, path: Postgres__User }
      - { key: {{ $account.passwordKey }}, path: Postgres__Password }
{{- end }}
{{- if include "viz.usesBus" . }}
{{- $account := index $v.rabbitmq .role }}
- secret:
    name: {{ required (printf "rabbitmq.%s.existingSecret: name the Secret with RabbitMQ's account" .role) $account.existingSecret }}
    items:
      - { key: {{ $account.userKey }}, path: RabbitMq__User }
      - { key: {{ $account.passwordKey }}, path: RabbitMq__Password }
{{- $keys := index $v.objectStore .role }}
- secret:
    name: {{ required (printf "objectStore.%s.existingSecret: name the Secret with the S3 keys" .role) $keys.existingSecret }}
    items:
      - { key: {{ $keys.accessKeyKey }}, path: ObjectStore__AccessKey }
      - { key: {{ $keys.secretKeyKey }}, path: ObjectStore__SecretKey }
{{- end }}
{{- if include "viz.hasApiKeys" . }}
- secret:
    name: {{ required "http.existingSecret: name the Secret with the API keys" $v.http.existingSecret }}
    items:
      - { key: {{ $v.http.apiKeysKey }}, path: Http__ApiKeys }
{{- end }}
{{- end }}
{{- end }}

{{/* The sources of the projected volume of certificate authorities; empty where there is none. */}}
{{- define "viz.caSources" -}}
{{- $v := .root.Values }}
{{- if not $v.trial.enabled }}
{{- if and $v.postgres.ca.configMap (include "viz.usesPostgres" .) }}
- configMap: { name: {{ $v.postgres.ca.configMap }}, items: [{ key: {{ $v.postgres.ca.key }}, path: postgres.crt }] }
{{- end }}
{{- if include "viz.usesBus" . }}
{{- with $v.rabbitmq.ca }}{{ if .configMap }}
- configMap: { name: {{ .configMap }}, items: [{ key: {{ .key }}, path: rabbitmq.crt }] }
{{- end }}{{ end }}
{{- with $v.objectStore.ca }}{{ if .configMap }}
- configMap: { name: {{ .configMap }}, items: [{ key: {{ .key }}, path: objectstore.crt }] }
{{- end }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "viz.settingVolumes" -}}
- name: secrets
  projected:
    # 0440: only the process and its group may read them.
    defaultMode: 288
    sources: {{- include "viz.secretSources" . | nindent 6 }}
{{- with include "viz.caSources" . | trim }}
- name: ca
  projected:
    sources: {{- . | nindent 6 }}
{{- end }}
- name: tmp
  emptyDir: { sizeLimit: {{ default 1 .tmpGiB }}Gi }
{{- end }}

{{- define "viz.settingMounts" -}}
- { name: secrets, mountPath: /etc/viz/secrets, readOnly: true }
{{- if include "viz.caSources" . | trim }}
- { name: ca, mountPath: /etc/viz/ca, readOnly: true }
{{- end }}
- { name: tmp, mountPath: /tmp }
{{- end }}
