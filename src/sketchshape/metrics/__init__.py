"""How good a ranking is: NN, FT, ST, E, DCG, mAP and precision-recall, as the SHREC tracks define them."""

from sketchshape.metrics.evaluation import evaluate
from sketchshape.metrics.scores import MEASURES, NAMES, PerQuery, Scores, mean_and_spread

__all__ = ["MEASURES", "NAMES", "PerQuery", "Scores", "evaluate", "mean_and_spread"]
