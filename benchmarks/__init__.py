"""Measurements of speed, each as a ratio to a peer in the same run; not part of the test command."""
