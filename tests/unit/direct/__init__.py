"""Tests of the direct way from an envelope to its line."""
