"""Tests: the schema registry adapters against a registry on loopback, and how it fails."""
