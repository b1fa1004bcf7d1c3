"""Transformation on Ray actors."""
