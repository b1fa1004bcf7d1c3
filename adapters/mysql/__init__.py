"""MySQL and MariaDB: the catalog of a source."""
