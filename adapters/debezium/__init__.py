"""Debezium's wire formats: from bytes to audit records."""
