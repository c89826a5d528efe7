"""Bytes of text files to lines, words and numbers: what OFF, OBJ, and the text forms of STL and PLY share."""
