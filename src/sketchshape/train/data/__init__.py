"""Items of a data set to what networks learn from, in batches."""
