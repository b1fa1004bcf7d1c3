"""Records of real connectors, damaged in every way, and what becomes of them."""
