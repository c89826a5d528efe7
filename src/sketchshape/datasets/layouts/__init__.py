"""One layout a file: its name is the value of `data.layout`, its `load(root, *, strict)` the reader."""
