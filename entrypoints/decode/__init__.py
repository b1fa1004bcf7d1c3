"""What `cdc-audit decode` is made of."""
