"""Tests: the fakes."""
