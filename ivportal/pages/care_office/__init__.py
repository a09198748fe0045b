"""What a care office works with: bandwidths, comparison, notes and agreements."""
