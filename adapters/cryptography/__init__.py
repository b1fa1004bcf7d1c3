"""Encryption at rest, by `cryptography`."""
