"""What ships with the package: its version, and where sample, bundle and weights are."""

from __future__ import annotations

from pathlib import Path

VERSION = "0.1.0"
_ASSETS = Path(__file__).parent / "assets"
SAMPLE = _ASSETS / "sample"  # shapes and drawings to try things with
BUNDLE = _ASSETS / "bundle"  # the encoders that search uses when none are given
WEIGHTS = _ASSETS / "weights"  # of backbones
UPRIGHT = _ASSETS / "upright"  # the judge of the way up of a shape
SYNONYMS = _ASSETS / "words" / "synonyms.tsv"  # what words mean, as far as it leads to words to draw
