"""What the bridge promises, as sentences that can fail."""
