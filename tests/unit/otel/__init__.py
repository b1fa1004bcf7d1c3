"""Tests of the OpenTelemetry adapter."""
