"""A report of a small made-up run: files, numbers, page, and what happens when something is missing."""

from __future__ import annotations

import base64
import csv
import importlib.util
import io
import json
import re
import shutil
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from sketchshape.config import to_tree
from sketchshape.config.run import RunSettings as Settings
from sketchshape.errors import ArtefactError, MissingExtraError
from sketchshape.images import draw_strokes
from sketchshape.metrics import MEASURES, NAMES, evaluate
from sketchshape.metrics.rows import unit
from sketchshape.report import print_run, write_report
from sketchshape.runs.embeddings import Embeddings, save_embeddings

PICTURES = ("pr", "retrieval", "failures", "per_class", "confusion")
CLASSES = ["airplane", "tea_pot", '<i>"five" & $6$', "chair", "a_very_long_name_of_a_class", "empty"]
LABELS = {"query": [0, 1, 2, 3, 4] * 4 + [5], "gallery": [0] * 2 + [1] * 3 + [2] * 4 + [3] * 5 + [4] * 6}


def write_shape(path: Path, rng: np.random.Generator) -> None:
    corners = rng.normal(size=(4, 3))
    lines = ["OFF", "4 4 0", *(" ".join(f"{x:.4f}" for x in row) for row in corners)]
    path.write_text("\n".join([*lines, "3 0 1 2", "3 0 2 3", "3 0 3 1", "3 1 3 2"]) + "\n")


def embeddings(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(len(CLASSES), 16))
    arrays: dict[str, np.ndarray] = {}
    for part, noise in (("query", 1.2), ("gallery", 0.7)):
        labels = np.array(LABELS[part])
        arrays[f"{part}_ids"] = np.array([f"{part[0]}{index}" for index in range(len(labels))])
        arrays[f"{part}_labels"] = labels
        noisy = centers[labels] + noise * rng.normal(size=(len(labels), 16))
        arrays[f"{part}_embeddings"] = unit(noisy).astype(np.float32)
    return arrays


def scores_of(seed: int):
    arrays = embeddings(seed)
    q, g = (arrays[f"{part}_embeddings"].astype(np.float64) for part in ("query", "gallery"))
    cosine = (q @ g.T) / np.linalg.norm(q, axis=1)[:, None] / np.linalg.norm(g, axis=1)
    return evaluate(cosine, arrays["query_labels"], arrays["gallery_labels"])


def make_run(folder: Path, seeds: tuple[int, ...], layout: str = "psb76") -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    items: dict[str, dict[str, object]] = {"queries": {}, "gallery": {}}
    for index in range(len(LABELS["query"])):
        path = folder / f"q{index}.png"
        Image.fromarray(draw_strokes([rng.uniform(0, 255, size=(2, 5)).tolist()])).save(path)
        items["queries"][f"q{index}"] = {"path": str(path), "line": None}
    for index in range(len(LABELS["gallery"])):
        write_shape(folder / f"g{index}.off", rng)
        items["gallery"][f"g{index}"] = str(folder / f"g{index}.off")
    (folder / "items.json").write_text(json.dumps(items))
    for seed in seeds:
        (folder / f"seed-{seed}").mkdir()
        save_embeddings(folder / f"seed-{seed}" / "embeddings.npz", Embeddings(**embeddings(seed)), "")
    settings = to_tree(Settings(name="run <one> & more"))
    settings["data"]["layout"] = layout
    settings["views"] = {"count": 2, "size": 48}
    record = {
        "format": 3,
        "kind": "run",
        "name": "run <one> & more",
        "command": ["sketchshape", "train", "--set", "name=run <one> & more"],
        "settings": settings,
        "hash": "0123456789abcdef" * 4,
        "version": "9.8.7",
        "created": "2020-02-02T20:20:20+00:00",
        "classes": CLASSES,
        "dataset": {"layout": layout, "problems": ["one <sketch> is blank"]},
        "seeds": {
            str(seed): {
                "scores": scores_of(seed).to_json(),
                "seconds": {"teacher": 1.5, "student": 2.25},
                "target_check": {"cosine_min": 0.91, "nearest": True},
            }
            for seed in seeds
        },
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "three", (0, 1, 7))
    assert write_report(folder, cache=folder / "cache") == folder / "report"
    return folder


@pytest.fixture
def record(run: Path) -> dict:
    return json.loads((run / "run.json").read_text())


class Page(HTMLParser):
    """Collect what a page refers to, and insist on balanced tags."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.other: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.ids += [values["id"]] if values.get("id") else []
        if tag == "a":
            self.links.append(values["href"] or "")
        if tag == "img":
            self.images.append(values)
        if tag in ("script", "link", "iframe", "object"):
            self.other.append((tag, str(values)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def test_every_file_is_there_and_every_picture_shows_something(run: Path) -> None:
    names = {path.name for path in (run / "report").iterdir()}
    assert names == {
        "index.html",
        "table.md",
        "table.csv",
        "table.tex",
        *(f"{name}.png" for name in PICTURES),
    }
    for name in PICTURES:
        with Image.open(run / "report" / f"{name}.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert min(pixels.shape[:2]) > 250, name
        assert pixels.std() > 10, name
        # A margin of paper around everything: no text is cut off at an edge.
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (edge == 255).all(), name


def test_the_report_is_the_same_every_time(run: Path, tmp_path: Path) -> None:
    write_report(run, tmp_path / "again", cache=run / "cache")
    for path in (run / "report").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_page_is_whole_and_needs_nothing_else(run: Path) -> None:
    text = (run / "report" / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.other == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", re.sub(r'src="data:[^"]*"', "", text))
    assert len(page.images) == len(PICTURES)
    for name, image in zip(PICTURES, page.images, strict=True):
        head, _, data = str(image["src"]).partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data, validate=True) == (run / "report" / f"{name}.png").read_bytes()
        assert len(str(image["alt"])) > 20


def test_the_page_says_where_it_comes_from_and_escapes_names(run: Path) -> None:
    text = (run / "report" / "index.html").read_text(encoding="utf-8")
    assert "sketchshape train --set &#39;name=run &lt;one&gt; &amp; more&#39;" in text.replace(
        "&#x27;", "&#39;"
    )
    assert "run &lt;one&gt; &amp; more</h1>" in text
    assert "<i>" not in text
    assert "0123456789abcdef" * 4 in text
    assert "one &lt;sketch&gt; is blank" in text
    assert "1 queries are left out" in text
    assert "other drawings of 76 of its 90 classes" in text


def test_the_settings_on_the_page_can_be_read_back(record: dict) -> None:
    from sketchshape.report.page import settings_text

    assert tomllib.loads(settings_text(record["settings"])) == record["settings"]


def test_the_numbers_of_the_table_are_those_of_evaluate(run: Path) -> None:
    from sketchshape.report.quoted import SHREC13

    rows = list(csv.DictReader(io.StringIO((run / "report" / "table.csv").read_text(encoding="utf-8"))))
    scores = [scores_of(seed) for seed in (0, 1, 7)]
    texts = []
    for name, measure in zip(NAMES, MEASURES, strict=True):
        values = [100 * getattr(one, measure) for one in scores]
        assert float(rows[0][name]) == pytest.approx(np.mean(values), abs=1e-6)
        assert float(rows[0][f"{name}_sd"]) == pytest.approx(np.std(values, ddof=1), abs=1e-6)
        texts.append(f"{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f}")
    assert rows[0]["source"] == "measured, 3 seeds"
    assert [row["source"] for row in rows[1:]] == ["quoted, Table 1"] * len(SHREC13)
    page = Page((run / "report" / "index.html").read_text(encoding="utf-8"))
    assert page.rows[1] == ["CGN mobilenet_v1", *texts, "measured, 3 seeds"]
    markdown = (run / "report" / "table.md").read_text(encoding="utf-8")
    cells = [cell.strip() for cell in markdown.splitlines()[4].split("|")[1:-1]]
    own = ["**CGN**", "mobilenet_v1", *(f"**{text}**" for text in texts), "measured, 3 seeds"]
    assert cells == own
    assert r"25.0\* | quoted" in markdown
    assert r"\* In this row the mAP column is the mean" in markdown
    latex = (run / "report" / "table.tex").read_text(encoding="utf-8")
    assert rf"\textbf{{{texts[0]}}}".replace("±", r"$\pm$") in latex
    assert latex.count(r"\\") == 2 + len(SHREC13)


def test_the_table_in_the_terminal_fits_into_eighty_columns(run: Path) -> None:
    stream = io.StringIO()
    print_run(run, Console(file=stream, width=80))
    lines = stream.getvalue().splitlines()
    own = next(line for line in lines if "measured" in line and "mobilenet_v1" in line)
    spread = lines[lines.index(own) + 1]
    expected = [f"{100 * np.mean([getattr(scores_of(s), m) for s in (0, 1, 7)]):.1f}" for m in MEASURES]
    assert own.split() == ["CGN,", "mobilenet_v1", *expected, "measured"]
    deviations = [np.std([100 * getattr(scores_of(s), m) for s in (0, 1, 7)], ddof=1) for m in MEASURES]
    assert spread.split() == ["±", *(f"{value:.1f}" for value in deviations), "3", "seeds"]
    assert sum(line.endswith("quoted  ") or line.rstrip().endswith(" quoted") for line in lines) == 14
    assert "…" not in stream.getvalue()


@pytest.fixture(scope="module")
def bare(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One seed of a data set that the paper does not have; every picture file is gone."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "one", (3,), layout="folder")
    for path in folder.glob("[qg]*.*"):
        path.unlink()
    out = folder.parent / "elsewhere"
    assert write_report(folder, out, cache=run / "cache") == out
    assert not (folder / "report").exists()
    return folder


def test_one_seed_has_no_spread_and_says_so(bare: Path) -> None:
    out = bare.parent / "elsewhere"
    assert "±" not in (out / "table.md").read_text(encoding="utf-8")
    assert "| measured, one seed |" in (out / "table.md").read_text(encoding="utf-8")
    assert len((out / "table.csv").read_text(encoding="utf-8").splitlines()) == 2
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "One seed: how much the scores vary" in text
    assert "quoted" not in re.sub(r"<style>.*</style>", "", text, flags=re.S)


def test_pictures_that_are_gone_do_not_stop_the_report(bare: Path) -> None:
    page = (bare.parent / "elsewhere" / "index.html").read_text(encoding="utf-8")
    assert page.count("55 pictures could not be made") == 2  # five classes, a sketch and ten shapes each


def test_rows_of_cells_follow_the_ranking(run: Path, tmp_path: Path) -> None:
    from sketchshape.report.pictures import rows_of
    from sketchshape.runs.results import read_run

    loaded = read_run(run)
    seed = loaded.seeds[2]
    assert seed.seed == 7
    [row] = rows_of(loaded, seed, [3], run / "cache")
    arrays = embeddings(7)
    gallery = arrays["gallery_embeddings"] / np.linalg.norm(arrays["gallery_embeddings"], axis=1)[:, None]
    order = np.argsort(-(gallery @ arrays["query_embeddings"][3]), kind="stable")[:10]
    assert [cell.caption for cell in row] == [CLASSES[3], *(CLASSES[LABELS["gallery"][g]] for g in order)]
    assert [cell.right for cell in row[1:]] == [LABELS["gallery"][g] == 3 for g in order]
    assert row[0].aside == f"AP\n{100 * scores_of(7).per_query.map[3]:.0f}"
    assert [cell.picture.shape for cell in row] == [(224, 224)] + 10 * [(48, 48)]
    shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("report", "cache", "items.json"))
    [without] = rows_of(read_run(tmp_path / "copy"), seed, [3])
    assert [cell.picture for cell in without] == 11 * [None]
    assert [cell.caption for cell in without] == [cell.caption for cell in row]


def changed(folder: Path, change: object) -> Path:
    record = json.loads((folder / "run.json").read_text())
    change(record)
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "run.json").unlink(), r"run.json is not there; give the folder of a trained run"),
        (lambda f: (f / "run.json").write_text("{"), r"run.json: unreadable"),
        (lambda f: (f / "run.json").write_text("[]"), r"holds list, expected an object"),
        (lambda f: changed(f, lambda r: r.update(format=1)), r"format 1, expected 'run', 3"),
        (lambda f: changed(f, lambda r: r.update(seeds={})), r"no seed has finished"),
        (lambda f: (f / "seed-0" / "embeddings.npz").unlink(), r"embeddings.npz is not there"),
        (lambda f: (f / "seed-0" / "embeddings.npz").write_bytes(b"PK"), r"embeddings.npz: unreadable"),
        (
            lambda f: changed(f, lambda r: r["seeds"]["0"]["scores"].update(mAP=0.999)),
            r"run.json says mAP 0.9990, the embeddings give 0\.\d{4}",
        ),
    ],
)
def test_a_damaged_run_is_refused_with_a_remedy(run: Path, tmp_path: Path, damage, message: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run, folder, ignore=shutil.ignore_patterns("report", "cache", "*.off"))
    damage(folder)
    with pytest.raises(ArtefactError, match=message):
        write_report(folder)
    assert not (folder / "report").exists()


def test_embeddings_that_are_no_numbers_are_refused(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run, folder, ignore=shutil.ignore_patterns("report", "cache", "*.off"))
    arrays = embeddings(0)
    arrays["query_embeddings"][3, 0] = np.nan
    save_embeddings(folder / "seed-0" / "embeddings.npz", Embeddings(**arrays), "")
    with pytest.raises(ArtefactError, match=r"embeddings.npz: similarity\[3, 0\] is nan"):
        write_report(folder)


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_without_the_extra_the_error_has_the_command(
    run: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr("sketchshape.errors.find_spec", lambda name: None if name == package else real(name))
    with pytest.raises(MissingExtraError, match=rf"{package} .* pip install 'sketchshape\[train\]'"):
        write_report(run)
