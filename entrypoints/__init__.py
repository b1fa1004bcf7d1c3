"""The ways in: command line, HTTP, Python library; and the container that wires them."""
