"""The parts of the Cross-modal Guidance Network: teacher and student, and a second head for words."""
