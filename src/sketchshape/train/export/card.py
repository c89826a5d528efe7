"""The model card of a bundle, as model collections show it."""

from __future__ import annotations

from typing import Any

from sketchshape.config.backbone import names_shown
from sketchshape.encoders.bundle import ONE_RING
from sketchshape.metrics import NAMES
from sketchshape.train.export.parity import Parity


def model_card(record: dict[str, Any], facts: dict[str, Any], parity: Parity, digest: str, about: str) -> str:
    """Write the card.

    Args:
        record: the content of run.json.
        facts: what `bundle.json` says.
        parity: with torch.
        digest: hash of the bundle.
        about: what follows, in Markdown: data, licences, limits.

    Returns:
        Markdown with a header in YAML.
    """
    data, settings = record["dataset"], record["settings"]
    learned = data.get("learned_shapes", data["shapes"])
    lines = facts["lines"]
    method = settings.get("method", "cgn")
    by = "the Cross-modal Guidance Network (CGN)" if method == "cgn" else f"the method {method}"
    way = facts.get("likeness", "cosine").replace("_", " ")
    words = data.get("words", 0)
    more = f"; on {words} drawings of other words too" if words else ""
    views = facts["views"]["count"] * len(facts["views"]["elevations"])
    count = lines["count"] * len(lines.get("elevations", ONE_RING)) if lines else 0
    drawn = f" and {count} line drawings, which the sketches' network sees" if lines else ""
    figures = ", ".join(f"{name} {100 * facts['scores'][name]:.1f} %" for name in NAMES)
    return (
        f"""---
library_name: sketchshape
tags: [sketch-based-3d-shape-retrieval, onnx]
---

# Model card: {record["name"]}

Sketches and 3D shapes to one space by {by}; they are compared by {way}.
A sketch is near the shapes of what it shows.

* backbone {names_shown(settings["backbone"]["name"])} ({settings["train"]["backbone"]})
* a shape is {views} views of {facts["size"]} pixels{drawn}; a sketch has
  {facts["sketch_size"]} pixels
* trained on {learned} shapes of {len(facts["classes"])} classes and {data["train"]} drawings{more};
  seed {facts["run"]["seed"]}
* measured on {data["test"]} drawings that it was not trained on: {figures}
* ONNX Runtime against torch: least cosine {parity.cosine:.6f}, the same top {parity.top} of {parity.shapes}
  shapes for {parity.sketches} sketches
* hash {digest}

Made for finding shapes in a library by drawing them. It knows the classes listed in `bundle.json` best; what
looks like none of them is found by its likeness to drawings, with lower scores.

{about}""".rstrip()
        + "\n"
    )
