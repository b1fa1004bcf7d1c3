"""OpenTelemetry: metrics and traces."""
