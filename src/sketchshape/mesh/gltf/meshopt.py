"""Buffer views packed by EXT_ or KHR_meshopt_compression, of both versions of the codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchshape.compiled import compiled
from sketchshape.errors import MeshError
from sketchshape.types import I64, U8

VERTICES, TRIANGLES, SEQUENCE = (0xA0, 0xA1), 0xE1, 0xD1  # first bytes
GROUP, BLOCK, MOST = 16, 8192, 256  # elements of a group, bytes of a block, elements of a block at most
PADDING = 512  # zeros behind the data: what is read too far is found out afterwards
BITS = np.array([[0, 2, 4, 8], [0, 1, 2, 4], [1, 2, 4, 8]])  # of a delta, by version and control, and mode


def decode_view(path: Path, data: bytes, how: dict[str, Any]) -> bytes:
    """Unpack a buffer view.

    Args:
        path: the file, for errors.
        data: the packed bytes.
        how: what the extension says of the view: count, byteStride, mode and filter.

    Returns:
        count * byteStride bytes.

    Raises:
        MeshError: the data is damaged, or of an unknown kind.
    """
    count, stride, mode = int(how["count"]), int(how["byteStride"]), how["mode"]
    if count < 0 or not 0 < stride <= 256 or count * stride > 1100 * len(data) + BLOCK:  # 1024 is the best
        raise MeshError(path, f"{count} elements of {stride} bytes cannot be packed in {len(data)} bytes")
    packed = np.concatenate([np.frombuffer(data, np.uint8), np.zeros(PADDING, np.uint8)])
    first, size = int(packed[0]), len(data)
    if mode == "ATTRIBUTES" and first in VERTICES and stride % 4 == 0:
        unpacked = _vertices(packed, size, count, stride, first - VERTICES[0])
        array = None if unpacked is None else _filtered(path, unpacked, how.get("filter", "NONE"))
    elif mode == "TRIANGLES" and first == TRIANGLES and stride in (2, 4):
        array = _integers(_triangles(packed, size, count // 3), stride)
    elif mode == "INDICES" and first == SEQUENCE and stride in (2, 4):
        array = _integers(_sequence(packed, size, count), stride)
    else:
        raise MeshError(path, f"a packed view of mode {mode}, stride {stride} begins with {first:#x}")
    if array is None:
        raise MeshError(path, "a view packed by meshopt is damaged")
    return array.tobytes()


def _vertices(packed: U8, size: int, count: int, stride: int, version: int) -> U8 | None:
    """Unpack vertices: each byte, or word, is stored as the difference to that of the vertex before."""
    tail = stride + (stride // 4 if version else 0)
    end = size - max(tail, 24 if version else 32)
    deltas = np.zeros((stride, -(-count // GROUP) * GROUP + MOST), np.uint8)
    if end < 1 or _deltas(packed, end, count, version, deltas) != end:
        return None
    base, channels = packed[size - tail :][:stride], packed[size - tail + stride :]
    found = np.empty((count, stride), np.uint8)
    for at in range(0, stride, 4):
        mode = int(channels[at // 4]) if version else 0
        four = np.ascontiguousarray(deltas[at : at + 4, :count].T)
        if mode & 3 == 2:
            words, turn = four.view("<u4")[:, 0], mode >> 4
            words = (words >> turn) | (words << (32 - turn) if turn else np.uint32(0))
            start = base[at : at + 4].copy().view("<u4")
            total = start ^ np.bitwise_xor.accumulate(words)
        else:
            kind = "<u2" if mode & 3 == 1 else "u1"
            steps = four.view(kind)
            steps = (steps >> 1) ^ (0 - (steps & 1)).astype(kind)
            total = base[at : at + 4].copy().view(kind) + np.cumsum(steps, axis=0, dtype=kind)
        found[:, at : at + 4] = np.ascontiguousarray(total).reshape(count, -1).view(np.uint8)
    return found


def _filtered(path: Path, vertices: U8, name: str) -> np.ndarray:
    """Undo the filter before packing. Those of normals and colours are of no shape, and left out."""
    if name == "NONE":
        return vertices
    if name == "EXPONENTIAL":
        words = vertices.view("<i4")
        return np.asarray(np.ldexp(((words << 8) >> 8).astype(np.float64), words >> 24), "<f4")
    if name == "QUATERNION" and vertices.shape[1] == 8:
        stored = vertices.view("<i2").astype(np.int64)
        three = stored[:, :3] * (np.sqrt(0.5) / (stored[:, 3:] | 3))
        largest = np.sqrt(np.maximum(0.0, 1 - (three**2).sum(axis=1, keepdims=True)))
        place = ((stored[:, 3:] & 3) + np.array([1, 2, 3, 0])) % 4
        turned = np.empty(stored.shape)
        np.put_along_axis(turned, place, np.concatenate([three, largest], axis=1), axis=1)
        return np.round(turned * 32767).astype("<i2")
    raise MeshError(path, f"a view packed by meshopt has the filter {name}, which is not read")


def _integers(values: I64, stride: int) -> np.ndarray | None:
    """Indices of 2 or 4 bytes; None where the last one says that the data was damaged."""
    return values[:-1].astype(f"<u{stride}") if values[-1] == 0 else None


@compiled()
def _deltas(packed: U8, end: int, count: int, version: int, deltas: U8) -> int:
    """Unpack the bits of all differences: (stride, vertices). Gives where the data ended."""
    stride = len(deltas)
    block = min((BLOCK // stride) // GROUP * GROUP, MOST)
    at = 1
    for begin in range(0, count, block):
        number = min(block, count - begin)
        groups = (number + GROUP - 1) // GROUP
        controls = at
        at += stride // 4 if version else 0
        for byte in range(stride):
            if at > end:
                return -1
            control = (packed[controls + byte // 4] >> (byte % 4 * 2)) & 3 if version else -1
            if control == 3:
                deltas[byte, begin : begin + number] = packed[at : at + number]
                at += number
            elif control != 2:
                modes = at
                at += (groups + 3) // 4
                for group in range(groups):
                    if at > end:
                        return -1
                    bits = BITS[control + 1, (packed[modes + group // 4] >> (group % 4 * 2)) & 3]
                    at = _group(packed, at, bits, deltas[byte, begin + group * GROUP :])
    return at


@compiled()
def _group(packed: U8, at: int, bits: int, out: U8) -> int:
    """Unpack 16 differences of some bits each; the largest number stands for a byte that follows."""
    extra = at + 2 * bits
    for k in range(GROUP if bits else 0):
        place = k * bits % 8
        shift = place if bits == 1 else 8 - bits - place
        value = (packed[at + k * bits // 8] >> shift) & ((1 << bits) - 1)
        if bits < 8 and value == (1 << bits) - 1:
            value = packed[extra]
            extra += 1
        out[k] = value
    return extra


@compiled()
def _number(packed: U8, at: int) -> tuple[int, int]:
    """Read a number of any length, seven bits a byte: it, and where it ends."""
    value, shift = 0, 0
    while shift < 35:
        byte = int(packed[at])
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return value, at


@compiled()
def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


@compiled()
def _sequence(packed: U8, size: int, count: int) -> I64:
    """Unpack indices, each from the nearer one of two; a last number other than 0 is for damage."""
    found, last, at = np.zeros(count + 1, np.int64), np.zeros(2, np.int64), 1
    for k in range(count):
        if at >= size:
            found[-1] = 1
            break
        value, at = _number(packed, at)
        last[value & 1] += _signed(value >> 1)
        found[k] = last[value & 1]
    return found


@compiled()
def _triangles(packed: U8, size: int, count: int) -> I64:
    """Unpack triangles, most of them by an edge that was seen shortly before; a last number as above."""
    found = np.zeros(3 * count + 1, np.int64)
    edges, recent = np.zeros((16, 2), np.int64), np.zeros(16, np.int64)
    edge, vertex, fresh, last, at = 0, 0, 0, 0, 1 + count
    corner = np.zeros(3, np.int64)
    for k in range(count):
        if at > size - 16:
            found[-1] = 1
            break
        high, low = packed[1 + k] >> 4, packed[1 + k] & 15
        known = 2 if high < 15 else 0
        codes = np.zeros(
            3, np.int64
        )  # 0 is the next new vertex, 15 one that is written out, others were seen
        if high < 15:
            corner[:2] = edges[(edge - 1 - high) % 16]
            codes[2] = low
        else:
            pair = packed[size - 16 + low]
            if low >= 14:
                pair = packed[at]
                at += 1
                codes[0] = 0 if low == 14 else 15
                fresh = 0 if pair == 0 else fresh
            codes[1], codes[2] = pair >> 4, pair & 15
        pushed = np.zeros(3, np.bool_)
        for place in range(known, 3):
            code = codes[place]
            pushed[place] = True
            if code == 0:
                corner[place] = fresh
                fresh += 1
            elif known and code in (13, 14):
                last += 1 if code == 14 else -1
                corner[place] = last
            elif code == 15 and (known or low >= 14):
                value, at = _number(packed, at)
                last += _signed(value)
                corner[place] = last
            else:
                corner[place] = recent[(vertex - (1 if known else 0) - code) % 16]
                pushed[place] = False
        for place in range(known, 3):
            if pushed[place]:
                recent[vertex % 16] = corner[place]
                vertex += 1
        a, b, c = corner
        if not known:
            edges[edge % 16, 0], edges[edge % 16, 1] = b, a
            edge += 1
        edges[edge % 16, 0], edges[edge % 16, 1] = c, b
        edges[(edge + 1) % 16, 0], edges[(edge + 1) % 16, 1] = a, c
        edge += 2
        found[3 * k : 3 * k + 3] = corner
    return found
