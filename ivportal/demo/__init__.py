"""The demonstration: a fictitious national round from file to mirror, with everything it needs started and stopped."""
