"""Images per second of fine-tuning a backbone, which part of the device's peak that is, and its loader alone.

Run `python benchmarks/training.py`. All ways are timed in turn, round after round, so that other programs on
the same cores slow them alike; each figure is the median of the rounds, with its ratio to the first row.
`--device cuda` times a GPU. Threads are those of torch: OMP_NUM_THREADS=1 for one core.

The peak is the best that a product of two large matrices reaches in the same rounds and the same precision.
The work of a step is three times that of a pass forwards through convolutions and linear layers, as is usual.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from sketchshape.config import run as settings
from sketchshape.train.cgn.student import Student
from sketchshape.train.data.items import Items
from sketchshape.train.data.sketch_augment import Augment
from sketchshape.train.engine.step import Stepper
from sketchshape.train.models.backbones import build_backbone
from sketchshape.train.models.encoder import Encoder
from sketchshape.train.models.heads import Head

CLASSES = 10
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
Way = Callable[[], None]


def sketches(count: int, size: int) -> Items:
    """Pictures of random lines, turned and mirrored as training sketches are."""
    random = np.random.default_rng(0)
    pictures = np.where(random.random((count, size, size)) < 0.05, 0, 255).astype(np.uint8)
    return Items(pictures, np.arange(count) % CLASSES, transform=Augment())


def training(
    name: str, items: Items, batch: int, device: torch.device, precision: str, layout: torch.memory_format
) -> Way:
    """Make a student that trains for one epoch at each call."""
    torch.manual_seed(0)
    backbone = build_backbone(name, "none", items.inputs.shape[-1], quiet=True)
    stage = settings.StudentSettings(batch=batch)
    method = Student(Encoder(backbone, Head(backbone.dim)), torch.eye(CLASSES, 256), stage).to(device)
    backbone.to(memory_format=layout)  # type: ignore[call-overload]
    stepper = Stepper(method.train(), stage, device, precision)

    def epoch() -> None:
        for one in items.batches(batch, seed=0, epoch=0, device=device):
            for _ in stepper.step(one, 1e-3):
                pass
        finish(device)

    return epoch


def loading(items: Items, batch: int, device: torch.device) -> Way:
    """Make and move the batches of one epoch, and do nothing with them."""

    def epoch() -> None:
        for _ in items.batches(batch, seed=0, epoch=0, device=device):
            pass
        finish(device)

    return epoch


def multiplying(side: int, device: torch.device, precision: str) -> Way:
    """Multiply two matrices of `side` rows and columns: 2 side^3 operations, as fast as the device can."""
    left, right = (torch.randn(side, side, device=device).to(TYPES[precision]) for _ in range(2))

    def product() -> None:
        torch.mm(left, right)
        finish(device)

    return product


def operations(name: str, size: int) -> int:
    """Count the floating-point operations of a picture in a step.

    Backwards each layer does what it does forwards twice, for its inputs and for its weights; torch counts
    the backward pass of depthwise convolutions as if they were dense, so it is not asked.
    """
    backbone = build_backbone(name, "none", size, quiet=True)
    encoder = Encoder(backbone, Head(backbone.dim)).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        encoder(torch.zeros((1, size, size), dtype=torch.uint8))
    return 3 * int(counter.get_total_flops())


def finish(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="mobilenet_v1")
    parser.add_argument("--size", type=int, default=128, help="side of a picture")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--images", type=int, default=32, help="of one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--matrix", type=int, default=2048, help="rows and columns of what the peak is told by"
    )
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device, items = torch.device(options.device), sketches(options.images, options.size)
    ways: dict[str, Way] = {
        f"train {precision} {word}": training(
            options.backbone, items, options.batch, device, precision, layout
        )
        for precision in TYPES
        for word, layout in (
            ("plain", torch.contiguous_format),
            ("channels-last", torch.channels_last),
        )
    }
    ways |= {f"multiply {precision}": multiplying(options.matrix, device, precision) for precision in TYPES}
    ways["loader alone"] = loading(items, options.batch, device)
    for way in ways.values():  # the first one sets things up
        way()
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            spent[name].append(time.perf_counter() - began)
    report(options, spent, operations(options.backbone, options.size))


def report(options: argparse.Namespace, spent: dict[str, list[float]], work: int) -> None:
    """Print a row for each way: rate, ratio to the first, and part of the peak of its precision."""
    medians = {name: statistics.median(times) for name, times in spent.items()}
    first = next(iter(medians.values()))
    peaks = {kind: 2 * options.matrix**3 / min(spent[f"multiply {kind}"]) / 1e9 for kind in TYPES}
    print(
        f"{options.backbone}, {options.size} pixels, batches of {options.batch}, {options.images} images, "
        f"{options.rounds} rounds, {options.device}, {torch.get_num_threads()} threads"
    )
    for kind, peak in peaks.items():
        print(f"peak {kind:<21}{peak:10.1f} Gflop/s")
    training = [name for name in medians if name.startswith("train")]
    for name in training:
        peak, speed = peaks[name.split()[1]], options.images * work / medians[name] / 1e9
        part = f"{100 * speed / peak:6.1f} % of peak" if speed < peak else "(no product is as fast)"
        print(
            f"{name:<26}{options.images / medians[name]:10.1f} images/s {first / medians[name]:8.2f} x"
            f"{speed:10.1f} Gflop/s {part}"
        )
    alone = medians["loader alone"]
    print(f"{'loader alone':<26}{options.images / alone:10.1f} images/s {first / alone:8.2f} x")
    best = min(medians[name] for name in training)
    print(f"the loader takes {100 * alone / best:.1f} % of the fastest training")


if __name__ == "__main__":
    main()
