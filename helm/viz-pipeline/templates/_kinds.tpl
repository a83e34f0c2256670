{{/* The kinds of jobs, and who serves them. A kind that no worker serves would wait for ever, and the atlas with it. */}}

{{- define "viz.allKinds" -}}
scan gather merge patches ascent filters sheet facets live
{{- end }}

{{/* Fails where a kind has neither a pool nor a mention in servedElsewhere. */}}
{{- define "viz.checkKinds" -}}
{{- $all := splitList " " (include "viz.allKinds" . | trim) }}
{{- $served := .Values.servedElsewhere }}
{{- range .Values.workers }}
{{- /* A pool without workers serves nothing; one that scales has some when it needs them. */}}
{{- if or (dig "keda" "enabled" false .) (gt (int (hasKey . "replicas" | ternary .replicas 1)) 0) }}
{{- $served = concat $served (default $all .kinds) }}
{{- end }}
{{- end }}
{{- $missing := list }}
{{- range $all }}{{ if not (has . $served) }}{{ $missing = append $missing . }}{{ end }}{{ end }}
{{- if $missing }}
{{- fail (printf "workers: no pool with workers serves %s, so these jobs would wait for ever. Add the kinds to a pool, or a pool without `kinds`, which serves all. Where workers outside of this release serve them, say so: servedElsewhere: [%s]" (join ", " $missing) (join ", " $missing)) }}
{{- end }}
{{- end }}
