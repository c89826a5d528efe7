"""What a run shows to people: tables beside the paper's, curves, pictures, one page."""

from sketchshape.report.rows import print_table
from sketchshape.report.write import write_report

__all__ = ["print_table", "write_report"]
