"""Drawings as they come: the strokes of one, photographed, scanned or saved in ways that people do.

Every kind takes strokes and a source of randomness, and gives the bytes of a picture file.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from sketchshape.images import Strokes, draw_strokes

Random = np.random.Generator
Floats = NDArray[np.float64]
Kind = Callable[[Strokes, Random], bytes]


def page(strokes: Strokes, random: Random, size: tuple[int, int] = (960, 720), part: float = 0.7) -> Floats:
    """Draw on a sheet: (H, W) in 0..1, how much of a pixel is ink."""
    width, height = size
    side = int(min(size) * random.uniform(0.6, 1.0) * part)
    drawn = 1 - draw_strokes(strokes, side, float(random.uniform(3.0, 6.5))) / 255.0
    ink = np.zeros((height, width))
    top, left = (int(random.uniform(0.08, 0.92) * (whole - side)) for whole in (height, width))
    ink[top : top + side, left : left + side] = drawn
    return ink


def light(shape: tuple[int, int], random: Random) -> Floats:
    """Light that falls off to one side: (H, W), about 1."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
    angle, fall = random.uniform(0, 2 * np.pi), random.uniform(0.1, 0.35)
    slope: Floats = 1 - fall * (rows * np.sin(angle) + columns * np.cos(angle) + 1) / 2
    return slope


def coloured(ink: Floats, pen: Any, paper: Any) -> Floats:
    """Colours of ink on paper: (H, W, 3) in 0..255."""
    pens, papers = np.broadcast_to(pen, 3), np.broadcast_to(paper, 3)
    mixed: Floats = ink[..., None] * pens + (1 - ink[..., None]) * papers
    return mixed


def camera(scene: Floats, random: Random, noise: tuple[float, float] = (1.5, 5.0)) -> bytes:
    """Blur, add noise, and save as JPEG."""
    levels = scene + random.normal(0, random.uniform(*noise), scene.shape)
    picture = Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 0.9))))
    return saved(picture, "JPEG", quality=int(random.integers(60, 93)))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Save a picture to bytes."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def lit(strokes: Strokes, random: Random) -> Floats:
    """A dark pen on white paper under a lamp."""
    ink = page(strokes, random)
    paper = random.uniform(170, 240) * random.uniform(0.93, 1, 3)
    return coloured(ink, random.uniform(20, 90), paper) * light(ink.shape, random)[..., None]


def shade(scene: Floats, random: Random, blur: float) -> Floats:
    """Let a shadow with one straight edge fall onto a scene."""
    height, width = scene.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    angle = random.uniform(0, 2 * np.pi)
    way = (columns - width * random.uniform(0.3, 0.7)) * np.cos(angle)
    way = way + (rows - height * random.uniform(0.3, 0.7)) * np.sin(angle)
    dark = 1 / (1 + np.exp(-np.clip(way / max(blur, 0.3), -50, 50)))
    shadowed: Floats = scene * (1 - dark * (1 - random.uniform(0.45, 0.75)))[..., None]
    return shadowed


def hand(scene: Floats, random: Random) -> Floats:
    """Let the shadow of a hand and a telephone fall onto a scene from its lower edge."""
    height, width = scene.shape[:2]
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    x, wide = random.uniform(0.2, 0.8) * width, random.uniform(0.12, 0.25) * width
    draw.rectangle((x - wide, height * random.uniform(0.4, 0.7), x + wide, height), fill=255)
    draw.ellipse((x - wide * 1.6, height * 0.7, x + wide * 1.6, height * 1.3), fill=255)
    dark = np.asarray(mask.filter(ImageFilter.GaussianBlur(float(random.uniform(2, 18))))) / 255
    shadowed: Floats = scene * (1 - dark * (1 - random.uniform(0.55, 0.8)))[..., None]
    return shadowed


def desk(kind: str) -> Kind:
    """A sheet that lies on a desk, turned a little and seen from a slant."""

    def photograph(strokes: Strokes, random: Random) -> bytes:
        sheet = lit(strokes, random)
        height, width = sheet.shape[:2]
        under = _wood(sheet.shape[:2], random) if kind == "wood" else np.full(sheet.shape, 0.0)
        if kind == "dark":
            under = under + random.uniform(25, 90) * random.uniform(0.8, 1.2, 3)
        if kind == "bright":
            under = under + np.minimum(np.median(sheet, (0, 1)) * random.uniform(0.84, 0.93), 235)
            under = under * random.uniform(0.97, 1.03, 3)
        inset, turn = random.uniform(0.06, 0.14), np.radians(random.uniform(-11, 11))
        corners = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]) - 0.5
        corners = corners * (1 - 2 * inset) * (width, height) + random.normal(0, 9, (4, 2))
        corners = corners @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] * 0.9
        corners = corners + np.array([width, height]) / 2
        data = _perspective(corners, np.array([[0, 0], [0, height], [width, height], [width, 0]], float))
        layer = np.dstack([sheet, np.full((height, width), 255.0)])
        warped = np.asarray(
            Image.fromarray(np.clip(layer, 0, 255).astype(np.uint8)).transform(
                (width, height), Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR
            )
        ).astype(float)
        cover = warped[..., 3:] / 255
        fallen = Image.fromarray((cover[..., 0] * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(4))
        near = np.roll(np.asarray(fallen) / 255.0, (3, 2), (0, 1))[..., None]  # the shadow of the sheet
        return camera(cover * warped[..., :3] + (1 - cover) * under * (1 - 0.35 * near), random)

    return photograph


def _perspective(places: Floats, corners: Floats) -> list[float]:
    """Give what Pillow needs to take the corners of a sheet to places of the picture."""
    rows, values = [], []
    for (x, y), (u, v) in zip(places, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return list(np.linalg.solve(np.array(rows), np.array(values)))


def _wood(shape: tuple[int, int], random: Random) -> Floats:
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    bent = rows + 12 * np.sin(columns / random.uniform(80, 200) + random.uniform(0, 6))
    grain = np.sin(bent / random.uniform(3, 9)) + 0.7 * np.sin(bent / random.uniform(11, 30))
    grain = grain + 0.5 * np.repeat(random.normal(0, 1, (shape[0], 1)), shape[1], 1)
    wood: Floats = np.array([150.0, 105.0, 66.0]) * random.uniform(0.6, 1.15) + grain[..., None] * (
        9.0,
        8.0,
        6.0,
    )
    return wood


def lid(strokes: Strokes, random: Random) -> bytes:
    """A scan whose edges show the dark lid of the scanner."""
    ink = page(strokes, random)
    scene = coloured(ink, random.uniform(20, 80), random.uniform(225, 250)) * (
        0.97 + 0.03 * light(ink.shape, random)[..., None]
    )
    sides = random.permutation(4)[: int(random.integers(1, 5))]
    for side in sides:
        wide = int(random.integers(3, 30))
        place = [np.s_[:wide], np.s_[-wide:], np.s_[:, :wide], np.s_[:, -wide:]][side]
        scene[place] = random.uniform(0, 60)
    return camera(scene, random, (0.5, 2.5))


def pencil(strokes: Strokes, random: Random) -> bytes:
    """A hard pencil: 6 to 14 percent darker than the paper."""
    ink = page(strokes, random)
    paper = random.uniform(180, 235)
    scene = coloured(ink, paper * random.uniform(0.86, 0.92), paper) * light(ink.shape, random)[..., None]
    return camera(scene, random, (1.0, 2.5))


def dust(strokes: Strokes, random: Random) -> bytes:
    """A clean scan with specks far from a small drawing."""
    ink = page(strokes, random, (1600, 1200), 0.45)
    for _ in range(int(random.integers(2, 14))):
        y, x, size = random.integers(0, 1190), random.integers(0, 1590), random.integers(1, 5)
        ink[y : y + size, x : x + size] = random.uniform(0.5, 1)
    return saved(Image.fromarray(np.rint(255 * (1 - ink)).astype(np.uint8)), "PNG")


def note(strokes: Strokes, random: Random) -> bytes:
    """A clean scan with a date or the number of the page in a corner."""
    ink = page(strokes, random, (1600, 1200), 0.5)
    text = str(random.choice(["12.03. idea", "17", "page 4", "2024-11-02", "No. 8", "v2 (old)"]))
    picture = Image.fromarray(np.rint(255 * (1 - ink)).astype(np.uint8))
    font = ImageFont.load_default(int(random.integers(26, 54)))
    x, y = random.choice([40, 1330]), random.choice([25, 1120])
    ImageDraw.Draw(picture).text((x, y), text, fill=int(random.integers(0, 60)), font=font)
    return saved(picture, "PNG")


def pens(pen: tuple[float, ...], paper: tuple[float, ...]) -> Kind:
    """A coloured pen on coloured paper, photographed."""

    def photograph(strokes: Strokes, random: Random) -> bytes:
        ink = page(strokes, random)
        scene = coloured(ink, np.array(pen), np.array(paper)) * random.uniform(0.85, 1.05)
        return camera(scene * light(ink.shape, random)[..., None], random, (1.0, 3.5))

    return photograph


def even_pens(strokes: Strokes, random: Random) -> bytes:
    """Red on grey of the same luminance, as a program saves it."""
    red = np.array([random.uniform(200, 240), random.uniform(30, 60), random.uniform(30, 60)])
    grey = float(red @ (0.299, 0.587, 0.114)) * random.uniform(0.97, 1.03)
    scene = coloured(page(strokes, random), red, grey)
    return saved(Image.fromarray(np.rint(scene).astype(np.uint8)), "PNG")


def ruled(squares: bool) -> Kind:
    """Paper with pale blue lines, photographed from above."""

    def photograph(strokes: Strokes, random: Random) -> bytes:
        ink = page(strokes, random)
        scene = coloured(ink, random.uniform(15, 50), random.uniform(215, 240))
        lines = np.zeros(ink.shape)
        step = int(random.integers(24, 44))
        lines[step // 2 :: step] = 1
        if squares:
            lines[:, step // 3 :: step] = 1
        blue = scene * np.array([0.72, 0.82, 0.95])
        scene = np.where((lines > 0)[..., None] & (ink < 0.5)[..., None], blue, scene)
        return camera(scene * light(ink.shape, random)[..., None], random, (1.0, 3.0))

    return photograph


def deep(strokes: Strokes, random: Random) -> bytes:
    """Ten, twelve or fourteen bits in a picture of sixteen, or thirty-two."""
    levels = 1 - page(strokes, random)
    if random.random() < 0.3:
        return saved(Image.fromarray((levels * 2e9 + 15).astype(np.int32)), "TIFF")
    top = 2 ** int(random.choice([10, 12, 14])) - 1
    return saved(Image.fromarray(np.rint(15 + levels * (top - 15)).astype(np.uint16)), "PNG")


def palette(strokes: Strokes, random: Random) -> bytes:
    """A palette whose paper is transparent."""
    ink = page(strokes, random, (480, 480)) > 0.4
    picture = Image.fromarray(ink.astype(np.uint8), "P")
    picture.putpalette([*random.integers(0, 256, 3).tolist(), *random.integers(0, 120, 3).tolist()])
    return saved(picture, "PNG", transparency=0)


def turned(strokes: Strokes, random: Random) -> bytes:
    """A photograph that says by EXIF that the camera was held upright."""
    picture = Image.open(io.BytesIO(camera(lit(strokes, random), random)))
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=80)


KINDS: dict[str, Kind] = {
    "photograph": lambda strokes, random: camera(lit(strokes, random), random),
    "hard shadow": lambda strokes, random: camera(shade(lit(strokes, random), random, 1.5), random),
    "soft shadow": lambda strokes, random: camera(shade(lit(strokes, random), random, 30), random),
    "shadow of a hand": lambda strokes, random: camera(hand(lit(strokes, random), random), random),
    "dark desk": desk("dark"),
    "bright desk": desk("bright"),
    "wooden desk": desk("wood"),
    "lid of a scanner": lid,
    "hard pencil": pencil,
    "dust": dust,
    "date in a corner": note,
    "red on grey": even_pens,
    "red on grey, camera": pens((205, 55, 50), (112, 116, 112)),
    "blue on yellow": pens((40, 60, 170), (235, 205, 70)),
    "chalk on black": pens((225, 222, 215), (38, 42, 40)),
    "lined paper": ruled(False),
    "squared paper": ruled(True),
    "12 of 16 bits": deep,
    "palette": palette,
    "turned camera": turned,
    "JPEG of low quality": lambda strokes, random: saved(
        Image.fromarray(np.rint(255 * (1 - page(strokes, random, (500, 500)))).astype(np.uint8)),
        "JPEG",
        quality=int(random.integers(8, 25)),
    ),
}
"""By the name under which they are printed."""
