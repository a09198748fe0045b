"""The REST API: delivering by another system, with the same verbs and the same rights as the pages."""
