"""Seal a bundle again whose bundle.json or words.npz were changed on purpose.

python scripts/data/seal_bundle.py DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sketchshape.encoders import Bundle
from sketchshape.encoders.record import seal


def main() -> None:
    """Read the command line, seal, and open what was sealed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the bundle")
    folder = parser.parse_args().folder
    seal(folder)
    print(f"{folder}: sealed, {Bundle.open(folder).hash[:12]}")


if __name__ == "__main__":
    main()
