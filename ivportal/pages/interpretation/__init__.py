"""The interpretation period: what a provider says of its mirror, and what the NZa answers."""
