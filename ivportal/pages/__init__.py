"""Pages that compose what the parts know: each a lookup through access, at most one verb, one template."""
