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

{{/* An image: (dict "root" . "repository" "..." "suffix" "-cuda"). */}}
{{- define "viz.image" -}}
{{- $registry := required "image.registry: say where you pushed the images, such as registry.example.com/lab" .root.Values.image.registry | trimSuffix "/" }}
{{- printf "%s/%s:%s%s" $registry .repository (default .root.Chart.AppVersion .root.Values.image.tag) (default "" .suffix) }}
{{- end }}
