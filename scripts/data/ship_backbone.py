"""Put a pre-trained backbone into the package, in half precision.

python scripts/data/ship_backbone.py runs/pretrain
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sketchshape.files import atomic
from sketchshape.resources import WEIGHTS
from sketchshape.train.models.backbones import backbone_class
from sketchshape.train.models.weights import read_tensors
from sketchshape.train.pretrain import NAME


def main() -> None:
    """Read backbone.safetensors of a run and write the .npz that `backbone.sketch_weights=drawings` names."""
    parser = argparse.ArgumentParser(description="Put a pre-trained backbone into the package.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--backbone", default="mobilenet_v1_wide")
    arguments = parser.parse_args()
    tensors = read_tensors(arguments.run / NAME)
    arrays = {
        name: value.numpy().astype(np.float16 if value.ndim > 1 else np.float32)
        for name, value in tensors.items()
        if not name.endswith("num_batches_tracked")
    }
    path = WEIGHTS / backbone_class(arguments.backbone).drawings
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
