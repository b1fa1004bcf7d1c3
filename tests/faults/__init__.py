"""Faults, made on purpose against real servers: what the trail is worth afterwards."""
