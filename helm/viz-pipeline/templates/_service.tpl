{{/*
  Coordinator and atlas have the same form: stateless replicas behind a service.
  Takes (dict "root" . "role" "coordinator" "of" .Values.coordinator "image" "..." "port" 8080 "env" "YAML of further variables", "tmpGiB" 1,
  "data" whether it sees the folders of images).
*/}}
{{- define "viz.service" -}}
{{- $component := dict "root" .root "component" .role }}
{{- $name := printf "%s-%s" (include "viz.fullname" .root) .role }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- include "viz.labels" $component | nindent 4 }}
spec:
  replicas: {{ .of.replicas }}
  selector:
    matchLabels: {{- include "viz.selector" $component | nindent 6 }}
  template:
    metadata: {{- include "viz.podMetadata" (dict "root" .root "component" .role "of" .of) | nindent 6 }}
    spec:
      serviceAccountName: {{ include "viz.serviceAccountName" $component }}
      # Five seconds of preStop, then at most 20 for requests in progress.
      terminationGracePeriodSeconds: 60
      {{- include "viz.podSecurity" (dict "root" .root "user" 1654) | nindent 6 }}
      {{- include "viz.placement" (dict "root" .root "of" .of "component" .role "spread" true) | nindent 6 }}
      containers:
        - name: {{ .role }}
          image: {{ .image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- include "viz.containerSecurity" . | nindent 10 }}
          ports:
            - { name: http, containerPort: {{ .port }} }
          env:
            - { name: Http__Port, value: {{ .port | quote }} }
            {{- include "viz.environment" . | nindent 12 }}
            {{- if .of.ingress.enabled }}
            - { name: Http__BehindProxy, value: "true" }
            {{- end }}
            {{- with .env }}{{- . | nindent 12 }}{{- end }}
            {{- with .of.env }}{{- toYaml . | nindent 12 }}{{- end }}
          {{- with .of.envFrom }}
          envFrom: {{- toYaml . | nindent 12 }}
          {{- end }}
          resources: {{- include "viz.resources" (dict "resources" .of.resources "requestGiB" 1 "limitGiB" (add .tmpGiB 1)) | nindent 12 }}
          # Requests still arrive until the service has noticed that the pod is terminating.
          lifecycle: { preStop: { exec: { command: [sleep, "5"] } } }
          {{- include "viz.probes" 300 | nindent 10 }}
          volumeMounts:
            {{- include "viz.settingMounts" . | nindent 12 }}
            {{- if .data }}{{- include "viz.dataMounts" (dict "Values" (dict "data" (dict "images" .root.Values.data.images))) | nindent 12 }}{{- end }}
            {{- with .of.extraVolumeMounts }}{{- toYaml . | nindent 12 }}{{- end }}
      volumes:
        {{- include "viz.settingVolumes" . | nindent 8 }}
        {{- if .data }}{{- include "viz.dataVolumes" (dict "Values" (dict "data" (dict "images" .root.Values.data.images))) | nindent 8 }}{{- end }}
        {{- with .of.extraVolumes }}{{- toYaml . | nindent 8 }}{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "viz.labels" $component | nindent 4 }}
    viz-pipeline/metrics: "true"
spec:
  selector: {{- include "viz.selector" $component | nindent 4 }}
  ports:
    - { name: http, port: {{ .port }}, targetPort: http }
{{- include "viz.serviceAccount" $component }}
{{- if .of.disruptionBudget }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{- include "viz.labels" $component | nindent 4 }}
spec:
  # Not minAvailable: a single replica would then keep its node from ever being drained.
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "viz.selector" $component | nindent 6 }}
{{- end }}
{{- with .of.ingress }}{{ if .enabled }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}
  labels: {{- include "viz.labels" $component | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .tlsSecret }}
  tls:
    - { secretName: {{ . }}, hosts: [{{ $.of.ingress.host | quote }}] }
  {{- end }}
  rules:
    - host: {{ required (printf "%s.ingress.host: say under which name" $.role) .host | quote }}
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: {{ $name }}, port: { name: http } } } }
{{- end }}{{ end }}
{{- end }}
