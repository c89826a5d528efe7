"""The one training loop, with all that it keeps."""
