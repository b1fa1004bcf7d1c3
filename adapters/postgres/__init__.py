"""PostgreSQL: the trail, its offsets, its readers."""
