"""Class centers: their means, the corners of a simplex, and a look at where they will lead."""
