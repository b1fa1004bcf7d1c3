"""Transformation in the service's own process."""
