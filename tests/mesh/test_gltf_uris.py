"""Where a glTF's bytes are: URIs and containers as exporters write them and browsers take them."""

from __future__ import annotations

import base64
import json
import struct
import zipfile
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from mesh_files import TETRA, Gltf, soup, tetra_gltf, tetra_soup

from sketchshape.errors import MeshError
from sketchshape.mesh import companions, load_mesh

CODED = base64.b64encode(tetra_gltf().binary).decode()
URL_SAFE = base64.urlsafe_b64encode(tetra_gltf().binary).decode()


def stored(folder: Path, data: bytes, name: str = "a.glb") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "uri",
    [
        f"data:application/gltf-buffer;base64,{CODED}",
        f"data:;base64,{CODED}",
        f"data:base64,{CODED}",
        f" \tdata:;base64,{CODED} ",
        f"DATA:Application/Octet-Stream;BASE64,{CODED}",
        f"data:application/octet-stream;charset=utf-8;base64,{CODED.rstrip('=')}",
        f"data:application/octet-stream;base64,{quote(CODED, safe='')}",
        f"data:application/octet-stream;base64,{URL_SAFE}",
        "data:application/octet-stream;base64,\n" + "\r\n ".join(CODED[i : i + 19] for i in range(0, 96, 19)),
        f"data:application/octet-stream,{quote(tetra_gltf().binary)}",
    ],
)
def test_data_in_the_uri_in_all_its_spellings(tmp_path: Path, uri: str) -> None:
    mesh = load_mesh(stored(tmp_path, tetra_gltf().gltf(uri), "a.gltf"))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


def test_letters_of_base64_for_urls(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.binary += b"\xfb\xef\xbe\xff\xff\xff"  # "++++////" in the usual letters
    uri = "data:;base64," + base64.urlsafe_b64encode(scene.binary).decode()
    assert "----____" in uri
    assert soup(load_mesh(stored(tmp_path, scene.gltf(uri), "a.gltf"))) == tetra_soup()


@pytest.mark.parametrize("body", ["AAAA!AAA", "A", "AAAAA"])
def test_what_is_no_base64_is_said(tmp_path: Path, body: str) -> None:
    with pytest.raises(MeshError, match="base64 of its buffer cannot be decoded"):
        load_mesh(stored(tmp_path, tetra_gltf().gltf(f"data:;base64,{body}"), "a.gltf"))


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("data.bin", "data.bin"),
        ("./data.bin", "data.bin"),
        ("the data.bin", "the data.bin"),
        ("the%20data.bin", "the data.bin"),
        ("the%20data.bin", "the%20data.bin"),
        ("100%.bin", "100%.bin"),
        ("buffers\\data.bin", "buffers/data.bin"),
        (".\\buffers\\data.bin", "buffers/data.bin"),
        ("buffers%5Cdata.bin", "buffers/data.bin"),
        ("Buffers/DATA.BIN", "buffers/data.bin"),
        ("BUFFERS\\Data.Bin", "buffers/data.bin"),
        ("caf\u00e9.bin", "cafe\u0301.bin"),
        ("data.bin?version=2", "data.bin"),
        ("data.bin#0", "data.bin"),
        ("a+b.bin", "a+b.bin"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_buffer_beside_the_file(tmp_path: Path, uri: str, file: str, zipped: bool) -> None:
    scene = tetra_gltf()
    if zipped:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("in/a.gltf", scene.gltf(uri))
            archive.writestr(f"in/{file}", scene.binary)
        path = tmp_path / "a.zip" / "in" / "a.gltf"
    else:
        path = stored(tmp_path, scene.gltf(uri), "a.gltf")
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(scene.binary)
    assert companions(path) == [path.parent / file]
    if not zipped:
        assert soup(load_mesh(path)) == tetra_soup()


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"", "buffer 0 has 0 bytes, but"),
    ],
)
def test_a_buffer_that_is_something_else(tmp_path: Path, data: bytes, cause: str) -> None:
    (tmp_path / "a.bin").write_bytes(data)
    with pytest.raises(MeshError, match=cause):
        load_mesh(stored(tmp_path, tetra_gltf().gltf("a.bin"), "a.gltf"))


def test_the_right_letter_case_comes_first(tmp_path: Path) -> None:
    scene, other = tetra_gltf(), tetra_gltf()
    (tmp_path / "DATA.bin").write_bytes(bytes(len(other.binary)))
    (tmp_path / "data.bin").write_bytes(scene.binary)
    assert soup(load_mesh(stored(tmp_path, scene.gltf("data.bin"), "a.gltf"))) == tetra_soup()


@pytest.mark.parametrize("uri", ["A" * 6000, "a\0b.bin", "", "/".join("a" * 900)])
def test_a_uri_that_no_file_can_have(tmp_path: Path, uri: str) -> None:
    path = stored(tmp_path, tetra_gltf().gltf("x"), "a.gltf")
    path.write_text(path.read_text().replace('"x"', json.dumps(uri)))
    with pytest.raises(MeshError, match=r"is missing, expected it beside|has 0 bytes"):
        load_mesh(path)
    assert companions(path) == []


@pytest.mark.parametrize(
    "uri", ["/etc/passwd", "C:\\x\\a.bin", "file:///etc/passwd", "\\\\host\\a.bin", "http:a"]
)
def test_a_buffer_elsewhere_is_refused(tmp_path: Path, uri: str) -> None:
    path = stored(tmp_path, tetra_gltf().gltf(uri), "a.gltf")
    with pytest.raises(MeshError, match="is not a file beside it"):
        load_mesh(path)
    assert companions(path) == []


def test_a_buffer_above_is_found_on_the_disk_as_it_is_spelled_and_never_out_of_an_archive(
    tmp_path: Path,
) -> None:
    scene = tetra_gltf()
    (tmp_path / "data.bin").write_bytes(scene.binary)
    (tmp_path / "in").mkdir()
    path = stored(tmp_path / "in", scene.gltf("../data.bin"), "a.gltf")
    assert soup(load_mesh(path)) == tetra_soup()
    path.write_bytes(scene.gltf("../DATA.bin"))
    with pytest.raises(MeshError, match=r"'\.\./DATA\.bin' is missing"):
        load_mesh(path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.gltf", scene.gltf("../data.bin"))
    assert companions(tmp_path / "a.zip" / "a.gltf") == []


def glb(
    scene: Gltf, *, pad: bytes = b" ", between: bytes = b"", after: bytes = b"", length: int = 0
) -> bytes:
    scene.json["buffers"] = [{"byteLength": len(scene.binary)}]
    text = json.dumps(scene.json).encode()
    text += pad * (-len(text) % 4 or 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + between
    body += struct.pack("<II", len(scene.binary), 0x004E4942) + scene.binary + after
    return b"glTF" + struct.pack("<II", 2, 12 + len(body) + length) + body


@pytest.mark.parametrize("pad", [b"\0", b" ", b"\n", b"\t"])
def test_padding_of_the_json(tmp_path: Path, pad: bytes) -> None:
    mesh = load_mesh(stored(tmp_path, glb(tetra_gltf(), pad=pad)))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == ()


def test_unknown_chunks_are_passed_over(tmp_path: Path) -> None:
    unknown = struct.pack("<II", 8, 0x12345678) + b"whatever"
    assert (
        soup(load_mesh(stored(tmp_path, glb(tetra_gltf(), between=unknown, after=unknown)))) == tetra_soup()
    )


def test_no_binary_chunk_is_needed_where_the_buffer_is_elsewhere(tmp_path: Path) -> None:
    text = tetra_gltf().gltf()
    text += b" " * (-len(text) % 4)
    data = b"glTF" + struct.pack("<IIII", 2, 20 + len(text), len(text), 0x4E4F534A) + text
    assert soup(load_mesh(stored(tmp_path, data))) == tetra_soup()


@pytest.mark.parametrize("length", [-40, -1, 1, 4000, 2**31])
def test_a_wrong_length_in_the_head_is_a_warning_where_all_is_there(tmp_path: Path, length: int) -> None:
    data = glb(tetra_gltf(), length=length)
    mesh = load_mesh(stored(tmp_path, data))
    assert soup(mesh) == tetra_soup()
    assert mesh.warnings == (f"its head promises {len(data) + length} bytes, the file has {len(data)}",)


def test_bytes_after_the_end(tmp_path: Path) -> None:
    mesh = load_mesh(stored(tmp_path, tetra_gltf().glb() + b"\r\n"))
    assert soup(mesh) == tetra_soup()
    assert len(mesh.warnings) == 1


def test_padding_that_a_chunk_does_not_count(tmp_path: Path) -> None:
    scene = tetra_gltf()
    scene.json["buffers"] = [{"byteLength": len(scene.binary)}]
    text = json.dumps(scene.json).encode()
    text += b" " * (5 - len(text) % 4)  # one more than a multiple of four
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + b"   "
    body += struct.pack("<II", len(scene.binary), 0x004E4942) + scene.binary
    data = b"glTF" + struct.pack("<II", 2, 12 + len(body)) + body
    assert soup(load_mesh(stored(tmp_path, data))) == tetra_soup()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_json_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    scene = tetra_gltf()
    scene.json["asset"]["generator"] = "caf\u00e9"
    scene.json["buffers"] = [{"byteLength": len(scene.binary), "uri": f"data:;base64,{CODED}"}]
    data = json.dumps(scene.json, ensure_ascii=False).encode(encoding)
    assert soup(load_mesh(stored(tmp_path, data, "a.gltf"))) == tetra_soup()


@pytest.mark.parametrize("version", ["1.0", "1.1", "3.0", 1.0])
def test_another_version_is_named(tmp_path: Path, version: object) -> None:
    scene = tetra_gltf()
    scene.json["asset"]["version"] = version
    with pytest.raises(MeshError, match=rf"glTF of version {version}, expected 2\.0"):
        load_mesh(stored(tmp_path, scene.gltf(), "a.gltf"))


def test_version_1_is_known_by_its_names(tmp_path: Path) -> None:
    old = {"meshes": {"chair": {"primitives": []}}, "nodes": {"n": {"meshes": ["chair"]}}, "scene": "s"}
    with pytest.raises(MeshError, match=r"version 1\.0"):
        load_mesh(stored(tmp_path, json.dumps(old).encode(), "a.gltf"))


@pytest.mark.parametrize("asset", [{}, {"version": "2.1"}, {"version": 2}, {"version": "2"}, None])
def test_a_version_that_is_missing_or_young_is_read(tmp_path: Path, asset: object) -> None:
    scene = tetra_gltf()
    scene.json["asset"] = asset
    np.testing.assert_allclose(load_mesh(stored(tmp_path, scene.gltf(), "a.gltf")).vertices, TETRA)
