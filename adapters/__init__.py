"""One folder for each technology. Technologies do not import each other."""
