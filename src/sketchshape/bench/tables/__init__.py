"""The table of a comparison: rows, formats, pictures and page."""
