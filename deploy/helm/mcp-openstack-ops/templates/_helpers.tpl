{{- define "ops.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ops.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ops.labels" -}}
{{ include "ops.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "ops.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ops.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The secret with clouds.yaml, with the bearer token, and with the cache's URL. */}}
{{- define "ops.cloudsSecret" -}}
{{- default (printf "%s-clouds" (include "ops.name" .)) .Values.clouds.existingSecret -}}
{{- end -}}
{{- define "ops.authSecret" -}}
{{- default (printf "%s-auth" (include "ops.name" .)) .Values.auth.existingSecret -}}
{{- end -}}
{{- define "ops.cacheSecret" -}}
{{- default (printf "%s-cache" (include "ops.name" .)) .Values.cache.existingSecret -}}
{{- end -}}
{{- define "ops.hasKey" -}}
{{- if and .Values.auth.enabled (or .Values.auth.secretKey .Values.auth.existingSecret) }}true{{ end -}}
{{- end -}}
{{- define "ops.hasCache" -}}
{{- if or .Values.cache.url .Values.cache.existingSecret }}true{{ end -}}
{{- end -}}

{{/* Names that callers may use: the service's and the ingress', and what was given. */}}
{{- define "ops.hosts" -}}
{{- $service := include "ops.name" . -}}
{{- $namespace := .Release.Namespace -}}
{{- $own := list $service (printf "%s.%s" $service $namespace) (printf "%s.%s.svc" $service $namespace) (printf "%s.%s.svc.cluster.local" $service $namespace) -}}
{{- $ingress := ternary .Values.ingress.hosts list .Values.ingress.enabled -}}
{{- concat $own $ingress .Values.http.allowedHosts | uniq | join "," -}}
{{- end -}}

{{/* What the server would refuse to start with is refused here, where it is read. */}}
{{- define "ops.validate" -}}
{{- $values := .Values -}}
{{- if and $values.demo.enabled (or $values.clouds.yaml $values.clouds.existingSecret) -}}
{{- fail "demo.enabled simulates a cloud: leave clouds.yaml and clouds.existingSecret empty" -}}
{{- end -}}
{{- if not (or $values.demo.enabled $values.clouds.yaml $values.clouds.existingSecret) -}}
{{- fail "which cloud? Set clouds.existingSecret to a secret with the key clouds.yaml, or clouds.yaml to its text, or demo.enabled=true" -}}
{{- end -}}
{{- if and $values.clouds.yaml $values.clouds.existingSecret -}}
{{- fail "clouds.yaml and clouds.existingSecret are both set: one of them" -}}
{{- end -}}
{{- if and $values.auth.enabled (not (or $values.auth.secretKey $values.auth.existingSecret $values.auth.jwt.jwks)) -}}
{{- fail "what do callers show? Set auth.existingSecret or auth.secretKey (openssl rand -hex 32), or auth.jwt.jwks, or auth.enabled=false" -}}
{{- end -}}
{{- if and $values.auth.jwt.jwks (not $values.auth.jwt.audience) -}}
{{- fail "auth.jwt.jwks needs auth.jwt.audience: the same keys sign for other services" -}}
{{- end -}}
{{- if and $values.policy.allowModify (not $values.auth.enabled) -}}
{{- fail "policy.allowModify needs auth.enabled: the server refuses to start otherwise" -}}
{{- end -}}
{{- if and $values.cache.url (not (include "ops.hasKey" .)) (not $values.cache.secretKey) (not $values.cache.existingSecret) -}}
{{- fail "cache.url needs cache.secretKey (openssl rand -hex 32), since there is no secret key to seal with" -}}
{{- end -}}
{{- if and $values.ingress.enabled (not $values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts: the server answers to names that it knows alone" -}}
{{- end -}}
{{- if and $values.serviceMonitor.enabled $values.auth.enabled (not (include "ops.hasKey" .)) (not $values.serviceMonitor.token.name) -}}
{{- fail "serviceMonitor.enabled needs serviceMonitor.token, since /metrics wants a token and there is no secret key" -}}
{{- end -}}
{{- end -}}
