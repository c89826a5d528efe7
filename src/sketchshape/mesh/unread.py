"""Formats of shapes that are not read, and what makes one of them that is."""

from __future__ import annotations

from collections import Counter

_BLENDER = "open it in Blender and export it as glTF 2.0 (.glb)"
_IMPORT = "import it into Blender and export it as glTF 2.0 (.glb)"
_FREECAD = "open it in FreeCAD and export it as STEP (.step)"
_CAD = "export it as STEP (.step) in the program that made it"
_SCENE = "export it as glTF (.glb) or OBJ in the program that made it"

CONVERTERS: dict[str, str] = {
    **dict.fromkeys((".blend", ".blend1"), _BLENDER),
    **dict.fromkeys(
        (".fbx", ".usd", ".usda", ".usdc", ".usdz", ".abc", ".x3d", ".x3dv", ".wrl", ".vrml"), _IMPORT
    ),
    **dict.fromkeys((".iges", ".igs", ".brep", ".brp", ".fcstd", ".ifc", ".ifczip"), _FREECAD),
    **dict.fromkeys(
        (".sldprt", ".sldasm", ".ipt", ".iam", ".catpart", ".catproduct", ".prt", ".x_t", ".x_b"), _CAD
    ),
    **dict.fromkeys((".par", ".asm", ".jt", ".f3d", ".f3z", ".sat", ".3dm", ".dwg", ".dxf", ".dgn"), _CAD),
    **dict.fromkeys((".max", ".c4d", ".ma", ".mb", ".skp", ".lwo", ".lws", ".ztl", ".hip", ".modo"), _SCENE),
    ".3ds": "convert it to glTF (.glb) with assimp: assimp export IN.3ds OUT.glb",
    ".amf": "open it in PrusaSlicer and export it as 3MF or STL",
    ".vrm": "rename it to .glb",
    ".b3dm": "convert it to glTF (.glb): npx 3d-tiles-tools b3dmToGlb -i IN.b3dm -o OUT.glb",
}
"""For each suffix what to do with such a file."""


def unread_files(counts: Counter[str]) -> str:
    """Say how many files are not read: `not read: 3 .fbx, 1 .blend; convert them ...`; empty for none."""
    listed = ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items(), key=_order))
    return f"not read: {listed}; convert them to GLB or STEP, e.g. with Blender or FreeCAD" if listed else ""


def _order(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
