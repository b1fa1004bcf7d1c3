"""`cdc-audit quarantine`: looking after what could not be audited."""
