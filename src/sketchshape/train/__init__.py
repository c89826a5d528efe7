"""Training: backbones, heads, losses, methods and the one trainer. The only part that needs torch."""

from __future__ import annotations

import os

from sketchshape.errors import MissingExtraError

# Read when torch is loaded. Its threads would otherwise wait for each other by spinning, which on cores that
# other programs use too makes training ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise MissingExtraError("torch", "train") from error
