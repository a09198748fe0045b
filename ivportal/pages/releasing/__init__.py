"""Releasing: what is prepared, approved by a second person, and released at its moment."""
