{{/*
  A server of the trial: one pod with a volume, and its name in DNS. The differences come in as YAML.
  Takes (dict "root" . "server" "postgres" "of" .Values.trial.postgres "user" 999 "ports" (dict "amqp" 5672) "container" "YAML" "volumes" "YAML").
*/}}
{{- define "viz.trialServer" -}}
{{- $component := dict "root" .root "component" .server }}
{{- $name := printf "%s-%s" (include "viz.fullname" .root) .server }}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels: {{- include "viz.labels" $component | nindent 4 }}
spec:
  serviceName: {{ $name }}
  replicas: 1
  selector:
    matchLabels: {{- include "viz.selector" $component | nindent 6 }}
  template:
    metadata:
      labels: {{- include "viz.labels" $component | nindent 8 }}
    spec:
      serviceAccountName: {{ include "viz.serviceAccountName" (dict "root" .root "component" "trial") }}
      terminationGracePeriodSeconds: 60
      {{- include "viz.podSecurity" (dict "root" .root "user" .user) | nindent 6 }}
      containers:
        - name: {{ .server }}
          image: {{ .of.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- include "viz.containerSecurity" . | nindent 10 }}
          ports:
            {{- range $port, $number := .ports }}
            - { name: {{ $port }}, containerPort: {{ $number }} }
            {{- end }}
          resources: {{- include "viz.resources" (dict "resources" .of.resources "requestGiB" 1 "limitGiB" 3) | nindent 12 }}
          {{- .container | nindent 10 }}
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 1Gi }
        {{- .volumes | nindent 8 }}
  volumeClaimTemplates:
    - metadata: { name: data }
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .root.Values.trial.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: { requests: { storage: {{ .of.storage }} } }
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- include "viz.labels" $component | nindent 4 }}
spec:
  # With an address of its own: the name of a headless one is unknown as long as its pod is not ready, and an unknown name is a wrong setting to the services.
  selector: {{- include "viz.selector" $component | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - { name: {{ $port }}, port: {{ $number }}, targetPort: {{ $port }} }
    {{- end }}
{{- end }}

{{/* A variable out of the trial's Secret: (dict "root" . "name" "BUCKET" "key" "..."). The servers' images know no other way. */}}
{{- define "viz.trialVariable" -}}
- { name: {{ .name }}, valueFrom: { secretKeyRef: { name: {{ include "viz.trialSecret" .root }}, key: {{ .key }} } } }
{{- end }}
