"""Schemas out of a registry: Confluent's API, or Apicurio's own."""
