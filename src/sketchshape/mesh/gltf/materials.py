"""What nobody sees: surfaces whose material is fully transparent."""

from __future__ import annotations

import contextlib
from typing import Any

from sketchshape.mesh.gltf.document import Document, normalised

LEAST = 1 / 512  # half a step of an 8-bit alpha


def invisible(document: Document, primitive: dict[str, Any]) -> bool:
    """Say whether no viewer shows a primitive: its alpha is zero, or everywhere below the cut.

    The alpha of pictures is not looked at; it can only make a surface more transparent.
    """
    index = primitive.get("material")
    materials = document.list("materials")
    if not isinstance(index, int) or not 0 <= index < len(materials):
        return False
    material = materials[index]
    mode = material.get("alphaMode", "OPAQUE")
    if mode not in ("BLEND", "MASK"):
        return False
    least = LEAST if mode == "BLEND" else float(material.get("alphaCutoff", 0.5))
    return _alpha(material) * _vertex_alpha(document, primitive) < least


def _alpha(material: dict[str, Any]) -> float:
    old = (material.get("extensions") or {}).get("KHR_materials_pbrSpecularGlossiness")
    factor = (
        old.get("diffuseFactor")
        if old is not None
        else material.get("pbrMetallicRoughness", {}).get("baseColorFactor")
    )
    return float(factor[3]) if factor else 1.0


def _vertex_alpha(document: Document, primitive: dict[str, Any]) -> float:
    """The largest alpha of the colours of vertices."""
    with contextlib.suppress(Exception):  # broken colours spoil no shape
        colours = normalised(document.accessor(primitive["attributes"]["COLOR_0"]))
        if colours.shape[1] == 4 and len(colours):
            return float(colours[:, 3].max())
    return 1.0
