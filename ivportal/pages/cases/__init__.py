"""Decisions and objections: the cases of one provider, and the desk of the NZa."""
