{{/* Names and labels. Each takes the root context, or (dict "root" . "component" "coordinator"). */}}

{{- define "viz.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "viz.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "viz.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "viz.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects the pods of a component; of the whole release, without one. It can never change, so no version is in it. */}}
{{- define "viz.selector" -}}
app.kubernetes.io/name: {{ include "viz.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "viz.labels" -}}
{{ include "viz.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/*
  An image: (dict "root" . "image" "worker" "cuda" true). If there is a digest, it decides; the tag is then informative only.
*/}}
{{- define "viz.image" -}}
{{- $image := .root.Values.image }}
{{- $registry := required "image.registry: say where you pushed the images, such as registry.example.com/lab" $image.registry | trimSuffix "/" }}
{{- $digest := index $image.digests (printf "%s%s" .image (.cuda | ternary "Cuda" "")) }}
{{- printf "%s/%s:%s%s" $registry (index $image .image) (default .root.Chart.AppVersion $image.tag) (.cuda | ternary "-cuda" "") }}
{{- with $digest }}@{{ . }}{{ end }}
{{- end }}

{{/* The account of a component's pods: (dict "root" . "component" "worker"). */}}
{{- define "viz.serviceAccountName" -}}
{{- if .root.Values.serviceAccount.create }}{{ include "viz.fullname" .root }}-{{ .component }}
{{- else }}{{ default "default" .root.Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "viz.serviceAccount" -}}
{{- if .root.Values.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "viz.serviceAccountName" . }}
  labels: {{- include "viz.labels" . | nindent 4 }}
  {{- with merge (default dict .annotations) .root.Values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}
