"""The table of a comparison: rows, pictures and page."""
