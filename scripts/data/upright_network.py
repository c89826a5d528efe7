"""The networks of the judge: small ones that learn, six ways at a time, which of them stands."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sketchshape.types import F32, F64, I64

WIDTHS, DROP = (96, 48), 0.4
STEPS, BATCH, RATE, DECAY, SMOOTHING = 800, 128, 2e-3, 0.1, 0.03


def train(rows: F32, ups: I64, groups: list[str], seeds: int) -> dict[str, F32]:
    """Train networks from several seeds.

    Args:
        rows: (shapes, variations, 6, M) float32, the compared measures.
        ups: (shapes,) int64, the way that is up.
        groups: class of each shape; shapes of large ones are seen less often each.
        seeds: how many networks.

    Returns:
        The weights as the judge takes them.
    """
    mean, spread = rows.mean((0, 1, 2)), np.maximum(rows.std((0, 1, 2)), 1e-3)
    x = torch.from_numpy(((rows - mean) / spread).clip(-4, 4))
    counts = Counter(groups)
    often = np.array([counts[group] ** -0.5 for group in groups])
    networks = [_one(x, torch.from_numpy(ups), often / often.sum(), seed) for seed in range(seeds)]
    result = {"mean": mean.astype(np.float32), "spread": spread.astype(np.float32)}
    for name, layer in (("first", 1), ("second", 4), ("last", 7)):
        result[name] = np.stack([network[layer].weight.detach().numpy().T for network in networks])
        result[f"{name}.bias"] = np.stack([network[layer].bias.detach().numpy() for network in networks])
    return result


def _one(x: torch.Tensor, ups: torch.Tensor, often: F64, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    first, second = WIDTHS
    network = nn.Sequential(
        *(nn.Dropout(DROP / 2), nn.Linear(x.shape[-1], first), nn.ReLU()),
        *(nn.Dropout(DROP), nn.Linear(first, second), nn.ReLU()),
        *(nn.Dropout(DROP), nn.Linear(second, 1)),
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        which = torch.from_numpy(rng.choice(len(x), BATCH, p=often))
        scores = network(x[which, torch.from_numpy(rng.integers(0, x.shape[1], BATCH))])[..., 0]
        loss = functional.cross_entropy(scores, ups[which], label_smoothing=SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()
