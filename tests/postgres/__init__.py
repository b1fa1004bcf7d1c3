"""Tests of the PostgreSQL adapter that are not of a port, on a real server."""
