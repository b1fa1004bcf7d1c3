"""The command line's questions to a trail, over a database or over a running service."""
