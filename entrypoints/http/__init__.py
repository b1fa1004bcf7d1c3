"""HTTP: health on 8001, metrics on 8000, the page and its API on 8080."""
