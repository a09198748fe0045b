"""The REST API: delivering, and reading bandwidths, by another system; with the same verbs and the same rights as the pages."""
