"""What a run shows to people: tables beside the paper's, curves, pictures, one page."""

from sketchshape.report.terminal import print_run
from sketchshape.report.write import write_report

__all__ = ["print_run", "write_report"]
