"""What an audit trail is: pure values and rules. No clock, no log, no I/O."""
