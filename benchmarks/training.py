"""Images per second of fine-tuning a backbone, of its loader alone, and whether the loader starves it.

Run `python benchmarks/training.py`. All ways are timed in turn, round after round, so that other programs on
the same cores slow them alike; each figure is the median of the rounds, with its ratio to the first row.
`--device cuda` times a GPU. Threads are those of torch: OMP_NUM_THREADS=1 for one core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from sketchshape import settings
from sketchshape.train import Augment, Encoder, Head, Items, Student, build_backbone
from sketchshape.train.step import Stepper

CLASSES = 10
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
    trunk = build_backbone(name, "none", items.inputs.shape[-1], quiet=True)
    stage = settings.Student(batch=batch)
    method = Student(Encoder(trunk, Head(trunk.dim)), torch.eye(CLASSES, 256), stage).to(device)
    trunk.to(memory_format=layout)  # type: ignore[call-overload]
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
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device, items = torch.device(options.device), sketches(options.images, options.size)
    ways: dict[str, Way] = {
        f"train {precision} {word}": training(
            options.backbone, items, options.batch, device, precision, layout
        )
        for precision in ("fp32", "bf16")
        for word, layout in (
            ("plain", torch.contiguous_format),
            ("channels-last", torch.channels_last),
        )
    }
    ways["loader alone"] = loading(items, options.batch, device)
    for way in ways.values():  # the first one sets things up
        way()
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            spent[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    first = next(iter(medians.values()))
    print(
        f"{options.backbone}, {options.size} pixels, batches of {options.batch}, {options.images} images, "
        f"{options.rounds} rounds, {device}, {torch.get_num_threads()} threads"
    )
    for name, median in medians.items():
        print(f"{name:<26}{options.images / median:10.1f} images/s {first / median:8.2f} x")
    best = min(median for name, median in medians.items() if name.startswith("train"))
    print(f"the loader takes {100 * medians['loader alone'] / best:.1f} % of the fastest training")


if __name__ == "__main__":
    main()
