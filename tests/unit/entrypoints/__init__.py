"""Tests: the entrypoints."""
