"""The networks of a seed: kept when they are trained, with what they make of the test part, and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sketchshape.config.run import RunSettings
from sketchshape.datasets.parts import Inputs
from sketchshape.files import write_json
from sketchshape.runs.embeddings import Embeddings, save_embeddings
from sketchshape.train import methods
from sketchshape.train.engine.task import Task
from sketchshape.train.models.pair import new_pair
from sketchshape.train.models.retriever import Retriever, load_networks, read_sizes, save_networks


def keep_trained(task: Task, trained: Retriever) -> None:
    """Write what a seed gave: networks, class centers, figures, and last the embeddings of the test part."""
    save_networks(task.folder, trained, task.sizes, task.key)
    if trained.centers is not None:
        trained.centers.save(task.folder / "centers.npz")
    write_json(task.folder / "trained.json", {"seconds": trained.seconds, **trained.facts})
    save_embeddings(task.folder / "embeddings.npz", embed_test(trained, task.inputs), task.key)


def embed_test(trained: Retriever, inputs: Inputs) -> Embeddings:
    """Embed the test sketches and the gallery."""
    test, gallery = inputs.test, inputs.gallery
    return Embeddings(
        np.array([item.id for item in test.items]),
        test.labels,
        trained.embed_sketches(test.data),
        np.array([item.id for item in gallery.items]),
        gallery.labels,
        trained.embed_shapes(gallery.data, gallery.lines),
        trained.likeness,
    )


def load_trained(folder: Path, run: RunSettings, key: str, device: torch.device) -> Retriever:
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
