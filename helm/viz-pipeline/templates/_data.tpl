{{/* The folders of images and networks. Read only: an atlas changes neither. */}}

{{- define "viz.dataMounts" -}}
{{- range $name, $folder := .Values.data }}
{{- if or $folder.existingClaim $folder.hostPath }}
- name: {{ $name }}
  mountPath: {{ $folder.mountPath }}
  readOnly: true
  {{- with $folder.subPath }}
  subPath: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "viz.dataVolumes" -}}
{{- range $name, $folder := .Values.data }}
{{- if and $folder.existingClaim $folder.hostPath }}{{ fail (printf "data.%s: existingClaim or hostPath, not both" $name) }}{{ end }}
{{- if $folder.existingClaim }}
- name: {{ $name }}
  persistentVolumeClaim: { claimName: {{ $folder.existingClaim }}, readOnly: true }
{{- else if $folder.hostPath }}
- name: {{ $name }}
  hostPath: { path: {{ $folder.hostPath }}, type: Directory }
{{- end }}
{{- end }}
{{- end }}
