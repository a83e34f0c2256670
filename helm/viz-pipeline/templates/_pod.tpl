{{/* Settings of all pods: the pod security profile "restricted", and a read-only file system. */}}

{{/* Takes (dict "root" . "user" 1654). */}}
{{- define "viz.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  # Do not walk through a volume with millions of files at each start.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "viz.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* Takes the seconds that a start may last. */}}
{{- define "viz.probes" -}}
startupProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ div . 5 }}
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}

{{/* Labels and annotations of pods. Takes (dict "root" . "component" "worker" "of" .Values.worker "more" (dict "label" "value")). */}}
{{- define "viz.podMetadata" -}}
labels:
  {{- include "viz.labels" . | nindent 2 }}
  {{- range $name, $value := .more }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
  {{- with .of.podLabels }}{{- toYaml . | nindent 2 }}{{- end }}
{{- with .of.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where pods run. Takes (dict "root" . "of" .Values.coordinator "component" "coordinator" "spread" true). */}}
{{- define "viz.placement" -}}
{{- with .of.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .of.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .of.affinity }}
affinity: {{- toYaml .of.affinity | nindent 2 }}
{{- else if .spread }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "viz.selector" (dict "root" .root "component" .component) | nindent 14 }}
{{- end }}
{{- end }}

{{/*
  Resources with ephemeral storage that matches what the pod's emptyDirs may hold, unless the values say it themselves: without a request, Kubernetes
  puts pods where there is no room and evicts them. Takes (dict "resources" dict "requestGiB" 2 "limitGiB" 22).
*/}}
{{- define "viz.resources" -}}
{{- $resources := deepCopy (default dict .resources) }}
{{- $_ := set $resources "requests" (merge (default dict $resources.requests) (dict "ephemeral-storage" (printf "%dGi" (int .requestGiB)))) }}
{{- $_ := set $resources "limits" (merge (default dict $resources.limits) (dict "ephemeral-storage" (printf "%dGi" (int .limitGiB)))) }}
{{- toYaml $resources }}
{{- end }}
