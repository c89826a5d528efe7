"""Photographs and scans of drawings: which marks are of a pen, whatever paper, desk and light were."""
