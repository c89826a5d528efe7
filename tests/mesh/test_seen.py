"""A file that is not what its name says is named by its first bytes; large ones are refused unread."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import time
import zipfile
from pathlib import Path

import mesh_files as files
import pytest
from PIL import Image

from sketchshape.errors import MeshError
from sketchshape.mesh import FORMATS, load_mesh, obj

SUFFIXES = [".off", ".obj", ".stl", ".ply", ".glb", ".gltf"]


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("chair.obj", files.obj())
    return stream.getvalue()


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, kind)
    return stream.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
STRANGERS = {
    "a Git LFS pointer": POINTER,
    "a web page": b"\n<!DOCTYPE html>\n<html><body>404</body></html>",
    "a ZIP archive": zipped(),
    "compressed with gzip": gzip.compress(files.stl_binary()),
    "compressed with bzip2": bz2.compress(files.stl_binary()),
    "compressed with xz": lzma.compress(files.stl_binary()),
    "a PNG picture": picture("PNG"),
    "a JPEG picture": picture("JPEG"),
    "a GIF picture": picture("GIF"),
    "a WebP picture": picture("WEBP"),
    "a PDF document": b"%PDF-1.7\n...",
    "an FBX file": b"Kaydara FBX Binary  \0\x1a\0" + b"\0" * 99,
    "a Blender file": b"BLENDER-v402" + b"\0" * 99,
    "a pointer of git-annex": b"/annex/objects/SHA256E-s48213--0a.stl\n",
    "what macOS keeps beside a file": b"\0\5\x16\7\0\2\0\0Mac OS X        ",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("what", STRANGERS)
def test_what_is_no_mesh_is_named(tmp_path: Path, suffix: str, what: str) -> None:
    path = tmp_path / f"shape{suffix}"
    path.write_bytes(STRANGERS[what])
    with pytest.raises(MeshError, match=f"shape{suffix}: this is {what}"):
        load_mesh(path)


MESHES = {
    "OFF": (".off", files.off()),
    "OBJ": (".obj", b"# made here\nmtllib a.mtl\n\no chair\n" + files.obj()),
    "text STL": (".stl", files.stl_text()),
    "binary STL": (".stl", files.stl_binary()),
    "PLY": (".ply", files.ply("<")),
    "binary glTF": (".glb", files.tetra_gltf().glb()),
    "glTF": (".gltf", files.tetra_gltf().gltf()),
    "STEP": (".step", b"ISO-10303-21;\nHEADER;\n"),
    "COLLADA": (".dae", b'<?xml version="1.0"?>\n<COLLADA version="1.4.1"></COLLADA>'),
    "X3D": (".x3d", b'<?xml version="1.0"?>\n<X3D></X3D>'),
    "VRML": (".wrl", b"#VRML V2.0 utf8\n"),
    "AMF": (".amf", b'<?xml version="1.0"?>\n<amf unit="millimeter"></amf>'),
    "DXF": (".dxf", b"  0\nSECTION\n  2\nENTITIES\n"),
    "XML": (".xml", b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'),
    "JSON": (".json", b'{"message": "Not Found"}'),
    "a compiled object file": (".o", b"d\x86\3\0" + b"\0" * 60),
    "subtitles": ("", b"850STL25.01" + b"0" * 1013),
    "a link of Git": ("", b"../shapes/chair.stl"),
    "nothing, its first bytes are all zero": ("", b"\0" * 8192),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_another_format_under_a_wrong_name_is_named(
    tmp_path: Path, suffix: str, name: str, mark: str
) -> None:
    own, data = MESHES[name]
    if own == suffix or {own, suffix} == {".glb", ".gltf"} or (name == "JSON" and suffix == ".gltf"):
        return
    if mark and (not own or b"\0" in data or suffix in (".glb", ".gltf")):
        return
    path = tmp_path / f"shape{suffix}"
    path.write_bytes(mark.encode() + data)
    with pytest.raises(MeshError, match=f"it looks like {name}.*, expected {suffix[1:].upper()}; "):
        load_mesh(path)


def test_a_title_of_binary_stl_may_be_any(tmp_path: Path) -> None:
    path = tmp_path / "shape.stl"
    for title in (b"OFF 4 4 0", b"ply\n", b"v 1 2 3", b"ISO-10303-21;", b"0\nSECTION\n"):
        path.write_bytes(files.stl_binary(title))
        assert len(load_mesh(path).faces) == 4


HEADER = "ply\nformat {} 1.0\nelement vertex {}\nproperty float x\nproperty float y\nproperty float z\n"
HEADER += "end_header\n"
LARGE_FILES = {
    ".ply": (
        HEADER.format("binary_little_endian", 10**9).encode(),
        13 * 10**9,
        "1000000000 vertices, but no list",
    ),
    ".off": (b"OFF\n1000000000 0 0\n1 2 3\n", 20 * 10**9, "1000000000 vertices and 0 faces"),
    "text.ply": (HEADER.format("ascii", 10**9).encode(), 20 * 10**9, "no faces to draw"),
    "short.ply": (HEADER.format("ascii", 10**12).encode(), 20 * 10**9, "promises need 6000000000000 bytes"),
    "xyz.off": (b"1.5 2.5 3.5\n" * 9000, 20 * 10**9, "expected the counts"),
    "zip.stl": (b"PK\3\4", 20 * 10**9, "a ZIP archive"),
}


@pytest.mark.parametrize("name", LARGE_FILES)
def test_a_cloud_of_gigabytes_is_refused_from_its_head(tmp_path: Path, name: str) -> None:
    start, size, cause = LARGE_FILES[name]
    path = tmp_path / f"cloud{name}"
    with path.open("wb") as stream:
        stream.write(start)
        stream.truncate(size)  # takes no room on the disk, but more memory than there is if it were read
    begin = time.process_time()
    with pytest.raises(MeshError, match=cause):
        load_mesh(path)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "face", [b"\nf 1 2", b"\n\t F\t1 2", b"\rf\\\n1 2", b"\nfo 1 2", b"\nf\xc2\xa01", b"\0f\0"]
)
def test_an_obj_is_refused_block_by_block_unless_a_line_may_be_a_face(
    monkeypatch: pytest.MonkeyPatch, face: bytes
) -> None:
    monkeypatch.setattr(obj, "BLOCK", 4096)
    cloud = (b"v 1.0 2.0 3.0 0.5 inf # off\nfront 1\nof" * 300)[:9000]
    with pytest.raises(MeshError, match="none of its lines is a face"):
        obj.look_at_obj(Path("cloud.obj"), io.BytesIO(cloud), obj.LARGE)
    obj.look_at_obj(Path("small.obj"), io.BytesIO(cloud), obj.LARGE - 1)
    for at in (3, *range(4096 - len(face) - 1, 4100), 8000):
        obj.look_at_obj(Path("shape.obj"), io.BytesIO(cloud[:at] + face + cloud[at:]), obj.LARGE)


def test_all_formats_are_among_those_above() -> None:
    assert set(SUFFIXES) <= set(FORMATS)
