"""Tests of redaction where records are decoded."""
