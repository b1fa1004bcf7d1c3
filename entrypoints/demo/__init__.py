"""`cdc-audit demo`: the whole chain on this machine, from a source database to the page."""
