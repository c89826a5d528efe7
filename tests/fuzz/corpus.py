"""Small whole files of each kind that is read, and ways to spoil them that know what they are made of."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib.util import find_spec

import mesh_files as files
import numpy as np
from packed_files import draco_gltf, meshopt_gltf
from PIL import Image
from step_files import box

NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"nan",
    b"-1e308",
    b"4294967295",
    b"99999999999999999999",
    b"1e-400",
    b"",
    b"a",
)
PIECES = (b"\\", b"\0", b"#", b"/", b"[", b"{", b'"', b"<", b"\xff\xfe", b"\r", b"\n", b" ")


def threemf() -> bytes:
    vertices = "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*row) for row in files.TETRA)
    faces = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*row) for row in files.SIDES)
    text = f'<model><resources><object id="1"><mesh><vertices>{vertices}</vertices><triangles>{faces}</triangles>'  # noqa: E501
    text += '</mesh></object></resources><build><item objectid="1"/></build></model>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("3D/3dmodel.model", text)
    return stream.getvalue()


def dae() -> bytes:
    numbers, corners = (" ".join(map(str, rows.ravel())) for rows in (files.TETRA, files.SIDES))
    return (
        '<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1"><asset/><library_geometries>'  # noqa: E501
        f'<geometry id="g"><mesh><source id="p"><float_array id="f" count="12">{numbers}</float_array>'
        '<technique_common><accessor source="#f" count="4" stride="3"><param name="X" type="float"/>'
        '<param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>'
        '<vertices id="v"><input semantic="POSITION" source="#p"/></vertices><triangles count="4">'
        f'<input semantic="VERTEX" source="#v" offset="0"/><p>{corners}</p></triangles></mesh></geometry>'
        '</library_geometries><library_visual_scenes><visual_scene id="s"><node><instance_geometry url="#g"/>'
        '</node></visual_scene></library_visual_scenes><scene><instance_visual_scene url="#s"/></scene></COLLADA>'  # noqa: E501
    ).encode()


def picture(kind: str) -> bytes:
    levels = np.full((40, 48), 255, np.uint8)
    levels[8:32, 10:12] = levels[8:10, 10:38] = 0
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, kind)
    return stream.getvalue()


def drawings() -> dict[str, bytes]:
    strokes = [[[0, 9, 9], [0, 0, 9]], [[3, 4], [5, 6]]]
    scene = {"type": "excalidraw", "elements": [
        {"type": "freedraw", "x": 1, "y": 2, "points": [[0, 0], [5, 9]]},
        {"type": "ellipse", "x": 1, "y": 2, "width": 9, "height": 5, "angle": 0.3}]}  # fmt: skip
    shape = {"id": "shape:1", "typeName": "shape", "type": "geo", "x": 1, "y": 2, "parentId": "page:1",
             "props": {"geo": "star", "w": 9, "h": 8}}  # fmt: skip
    store = {"tldrawFileFormatVersion": 1, "records": [{"id": "page:1", "typeName": "page"}, shape]}
    return {
        ".json": json.dumps(strokes).encode(),
        ".ndjson": json.dumps({"word": "a", "drawing": strokes}).encode() + b"\n",
        ".excalidraw": json.dumps(scene).encode(),
        ".tldr": json.dumps(store).encode(),
        ".svg": b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1L8 8" stroke="#000"/></svg>',  # noqa: E501
    }


MESHES = {
    "text.off": files.off(), "text.obj": files.obj(), "text.stl": files.stl_text(),
    "binary.stl": files.stl_binary(), "text.ply": files.ply(""), "little.ply": files.ply("<"),
    "big.ply": files.ply(">"), "binary.glb": files.tetra_gltf().glb(), "text.gltf": files.tetra_gltf().gltf(),
    "a.3mf": threemf(), "a.dae": dae(),
}  # fmt: skip


def zipped() -> bytes:
    """A library of two shapes in an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.off", "b/c.off"):
            archive.writestr(name, files.off())
    return stream.getvalue()


def of_extras() -> dict[str, bytes]:
    """What needs packages that may not be there, of those that are."""
    found = {"meshopt.glb": meshopt_gltf("EXT_meshopt_compression", 1, required=True).glb()}
    if find_spec("DracoPy"):
        found["draco.glb"] = draco_gltf().glb()
    if find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
        found["a.heic"] = picture("HEIF")
    return found


PICTURES = {f"a.{kind.lower()}": picture(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP")}
DRAWINGS = {f"a{suffix}": data for suffix, data in drawings().items()}
WHOLE = {**MESHES, **PICTURES, **DRAWINGS, **of_extras(), "a.zip": zipped()}
LONG = (
    {"a.step": box((2, 3, 4)).encode()} if find_spec("cascadio") else {}
)  # a second each: in make fuzz alone


def spoiled(data: bytes, random: np.random.Generator) -> bytes:
    """Change a file in one to four places: its numbers, words, lines, bytes, counts, or its end."""
    for _ in range(random.integers(1, 5)):
        at = int(random.integers(0, len(data) + 1))
        end = min(at + int(random.integers(0, 40)), len(data))
        numbers = list(re.finditer(rb"-?\d+\.?\d*", data))
        match int(random.integers(0, 8)):
            case 0 if numbers:  # another number
                found = numbers[random.integers(0, len(numbers))]
                data = data[: found.start()] + NUMBERS[random.integers(0, len(NUMBERS))] + data[found.end() :]
            case 1:  # bytes
                data = data[:at] + random.bytes(end - at) + data[end:]
            case 2:  # the end is missing
                data = data[: max(at, 1)]
            case 3:  # a part again and again
                data = data[:at] + data[at:end] * int(random.integers(2, 400)) + data[end:]
            case 4:  # a part is missing
                data = data[:at] + data[end:]
            case 5:  # many of one letter
                data = (
                    data[:at]
                    + PIECES[random.integers(0, len(PIECES))] * int(random.integers(1, 9000))
                    + data[at:]
                )
            case 6:  # a count, little or big
                word = int(random.choice([0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1])).to_bytes(4, "little")
                data = data[:at] + word[:: int(random.choice([1, -1]))] + data[at + 4 :]
            case _:  # two parts change places
                data = (
                    data[end:] + data[:end]
                    if random.random() < 0.1
                    else data[:at] + data[end:] + data[at:end]
                )
    return data
