"""The networks of a seed as training left them."""

from __future__ import annotations

from pathlib import Path

import torch

from sketchshape.config.run import Run
from sketchshape.train import methods
from sketchshape.train.models.pair import new_pair
from sketchshape.train.models.retriever import Retriever, load_networks, read_sizes


def load_trained(folder: Path, run: Run, key: str, device: torch.device) -> Retriever:
    """Read the networks of a seed, whatever the method.

    Args:
        folder: of the seed.
        run: the settings.
        key: hash of settings and data, as `run.json` has it.
        device: where the networks go.

    Returns:
        The networks, in evaluation mode.

    Raises:
        ArtefactError: a file is missing or damaged, or was made with other settings or data.
    """
    sizes = read_sizes(folder, key)
    if run.method == methods.CGN:
        fresh = new_pair(run, sizes, 0, device).retriever(run, device)
    else:
        fresh = methods.new_retriever(run, sizes, device)
    return load_networks(folder, fresh, key)
