"""Tests of the PostgreSQL adapter, without a server."""
