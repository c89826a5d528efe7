"""The commands of those who train, compare and report."""
