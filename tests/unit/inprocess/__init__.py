"""Tests of the in-process transformer."""
