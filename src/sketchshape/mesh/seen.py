"""What a file is by its first bytes, where that is not what its name says."""

from __future__ import annotations

import re

import numpy as np

from sketchshape.mesh.stl import FAR as STL_FAR
from sketchshape.mesh.stl import HEAD as STL_HEAD
from sketchshape.mesh.stl import RECORD as STL_RECORD
from sketchshape.mesh.text.plain import plain

HEAD = 4096
"""So many first bytes tell what a file is."""

STRANGERS = (
    (rb"version https://git-lfs\.github\.com/spec/", "a Git LFS pointer, not the file: run git lfs pull", ()),
    (rb"\s*(<!doctype html|<html)", "a web page, perhaps of a failed download: fetch the file again", ()),
    (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a ZIP archive: unpack it", (".3mf",)),
    (rb"\x1f\x8b", "compressed with gzip: unpack it", ()),
    (rb"BZh[1-9]1AY", "compressed with bzip2: unpack it", ()),
    (rb"\xfd7zXZ\0", "compressed with xz: unpack it", ()),
    (rb"\x28\xb5\x2f\xfd", "compressed with Zstandard: unpack it", ()),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it", ()),
    (rb"Rar!\x1a\x07", "a RAR archive: unpack it", ()),
    (rb"\x89PNG\r\n\x1a\n", "a PNG picture", ()),
    (rb"\xff\xd8\xff", "a JPEG picture", ()),
    (rb"GIF8[79]a", "a GIF picture", ()),
    (rb"RIFF....WEBP", "a WebP picture", ()),
    (rb"%PDF-", "a PDF document", ()),
    (rb"Kaydara FBX Binary", "an FBX file: convert it to glTF", ()),
    (rb"; FBX \d", "an FBX file: convert it to glTF", ()),
    (rb"BLENDER[-_]", "a Blender file: export it as glTF", ()),
    (rb"3D Geometry File Format", "a Rhino file: export it as OBJ", ()),
    (rb"PXR-USDC|#usda ", "a USD file: convert it to glTF", ()),
    (rb"AC10\d\d\0", "a DWG drawing: export it as STL", ()),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE document, as of SolidWorks: export it as STL", ()),
    (rb"[^\n]{0,300}/annex/objects/", "a pointer of git-annex, not the file: run git annex get", ()),
    (rb"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut, not the file", ()),
    (rb"\x00\x05\x16[\x00\x07]", "what macOS keeps beside a file (AppleDouble), not the file", ()),
)  # fmt: skip
"""What no mesh begins with, what it is and what to do, and the suffixes for which that is right after all."""

MESHES = (
    (rb"glTF", "binary glTF", (".glb", ".gltf")),
    (rb"\s*\{(?=.*\"asset\"\s*:)", "glTF", (".gltf", ".glb")),
    (rb"\s*ply\s", "PLY", (".ply",)),
    (rb"\s*solid\b(?=.*\b(facet|vertex)\s)", "text STL", (".stl",)),
    (rb"\s*(ST)?C?N?4?OFF\b", "OFF", (".off",)),
    (rb"(\s*(#|(mtllib|o|g|s|usemtl)[ \t])[^\n]*\n)*\s*(v|vn|vt)[ \t]+[-+.\d]", "OBJ", (".obj",)),
    (rb"\s*ISO-10303-21;", "STEP", (".step", ".stp")),
    (rb"\s*(<\?xml[^>]*>\s*)?(?>(?:<!--.*?-->\s*)*)<COLLADA\b", "COLLADA", (".dae",)),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE X3D[^>]*>\s*)?<X3D\b", "X3D", (".x3d",)),
    (rb"\s*(<\?xml[^>]*>\s*)?<amf\b", "AMF", (".amf",)),
    (rb"\s*#VRML V", "VRML", (".wrl", ".vrml")),
    (rb"(?>(?:\s*999[^\S\n]*\n[^\n]*\n)*)\s*0\s*\n\s*SECTION\b", "DXF", (".dxf",)),
    (rb"\s*<\?xml\b", "XML", (".xml", ".dae", ".x3d", ".amf")),
    (rb"\s*[\[{]\s*[\"\[{]", "JSON", (".json", ".gltf")),
    (rb"(d\x86|L\x01|\xaad)[^\0]?\0", "a compiled object file", (".o",)),
    (rb"\d{3}STL\d\d\.\d\d", "subtitles (EBU)", ()),
    (rb"\.\.?/[^\s\0]+\s*\Z", "a link of Git that was checked out as a text", ()),
    (rb"\0+\Z", "nothing, its first bytes are all zero", ()),
)
"""Other formats, most of them of 3D shapes, and the suffixes of their files."""


def stranger(head: bytes, suffix: str) -> str | None:
    """Say what a file is that begins as no mesh does, and what to do; None where it may be a mesh.

    Args:
        head: its first bytes.
        suffix: of its name, in lower case with the point.
    """
    forms = _forms(head)
    for pattern, what, suffixes in STRANGERS:
        if _begins(pattern, forms):
            return None if suffix in suffixes else what
    return None


def other_mesh(head: bytes, suffix: str) -> str | None:
    """Say which other format a file looks like that cannot be read as what its suffix says.

    Args:
        head: its first bytes.
        suffix: of its name, in lower case with the point.
    """
    forms = _forms(head)
    known = ((name, suffixes) for pattern, name, suffixes in MESHES if _begins(pattern, forms))
    name, suffixes = next(known, ("binary STL", (".stl",)) if _is_binary_stl(head) else ("", (suffix,)))
    return None if suffix in suffixes else f"it looks like {name}, expected {suffix[1:].upper()}"


def _is_binary_stl(head: bytes) -> bool:
    """Whether the first bytes are records of triangles with normals of length 1, or all zero."""
    count = (len(head) - STL_HEAD) // STL_RECORD.itemsize
    if count < 1:
        return False
    records = np.frombuffer(head, STL_RECORD, count, STL_HEAD)
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(records["normal"].astype(np.float64), axis=1)
        near = np.abs(records["corners"]) < STL_FAR
    return bool(
        near.all() and ((np.abs(lengths - 1) < 1e-3) | (lengths == 0)).all() and head[STL_HEAD:].strip(b"\0")
    )


def _forms(head: bytes) -> set[bytes]:
    """The bytes as they are, and as text of whatever encoding."""
    return {head[:HEAD], plain(head[:HEAD])}


def _begins(pattern: bytes, forms: set[bytes]) -> bool:
    return any(re.match(pattern, form, re.DOTALL | re.IGNORECASE) for form in forms)
