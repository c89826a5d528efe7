"""Trained networks to a bundle that is searched with, without torch."""
