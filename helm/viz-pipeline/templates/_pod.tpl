{{/* What all pods have in common. The profile "restricted" of pod security, and a file system that cannot be written to. */}}

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
  # A volume with millions of files is not walked through at each start.
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

{{/* Where pods run. Takes (dict "root" . "of" .Values.coordinator "component" "coordinator" "spread" true). */}}
{{- define "viz.placement" -}}
{{- with .of.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
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
