r"""Make the bundle that ships from its sources; the same command goes on after an interruption.

    pip install scikit-image
    python scripts/data/make_bundle.py --cc0 DIR --cc-shapes DIR --quickdraw DIR --tuberlin DIR

Folders of shapes hold manifest.csv (class,file,author,pack) and the meshes it names; that of Quick, Draw!
holds <word>.ndjson, that of TU-Berlin <class>/<number>.png. First the backbone for drawings is trained on,
from the one in the package, then the heads are trained on its features: once without the shapes that recipes
are chosen with, by which it is told how sure a search is, and once with all of them. --choose ends after the
former:

    python scripts/data/make_bundle.py ... --choose
    sketchshape evaluate build/bundle/run-to-choose --queries build/bundle/data-to-choose/choose/careful \
        --gallery build/bundle/data-to-choose/choose/shapes
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bundle_about import ABOUT
from bundle_data import KEYS, KNOWN, LEFT_OUT, TO_CHOOSE, Sources, load
from bundle_shapes import Shape
from PIL import Image

from sketchshape.config import load_config
from sketchshape.config.pretrain import PretrainSettings
from sketchshape.config.run import RunSettings
from sketchshape.encoders import default_bundle
from sketchshape.report.write import write_report
from sketchshape.train.export.bundle import export_run
from sketchshape.train.pretrain import NAME, pretrain
from sketchshape.train.run import train_run

CONFIGS = Path(__file__).parents[2] / "configs"
HEADS, BACKBONE = CONFIGS / "recipes/bundle.toml", CONFIGS / "pretrain/bundle.toml"
HERE = Path(__file__).parent
WIDE = 1000  # pixels of the picture in the card


def main() -> None:
    """Read the command line, train and export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("cc0", "cc-shapes", "quickdraw", "tuberlin"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="folder of this source")
    parser.add_argument("--work", type=Path, default=Path("build/bundle"), help="all that is between")
    parser.add_argument("--out", type=Path, default=default_bundle(), help="where the bundle goes (replaced)")
    parser.add_argument("--seeds", default="0", help="of the heads; the first one is exported")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the heads")
    parser.add_argument("--choose", action="store_true", help="leave shapes out to choose recipes with")
    asked = parser.parse_args()
    sources = Sources({"cc0": asked.cc0, "cc_shapes": asked.cc_shapes}, asked.quickdraw, asked.tuberlin)
    to_choose, _ = trained(sources, asked, choosing=True)
    if asked.choose:
        return
    run, shapes = trained(sources, asked)
    about = ABOUT.format(authors=", ".join(sorted({shape.author for shape in shapes})))
    like = asked.work / "bundle-to-choose"
    for source, target, text in ((to_choose, like, ""), (run, asked.out, about)):
        exported = export_run(source, target, about=text, replace=True)
        script("fit_nonsense.py", "--quickdraw", asked.quickdraw, "--bundle", target)
    known, shapes_asked = asked.work / KNOWN, asked.work / TO_CHOOSE / "choose/shapes"
    script("fit_words.py", "--drawings", known, "--held-out", KEYS / LEFT_OUT, "--bundle", asked.out)
    own = ["--like", like, "--shapes", shapes_asked, "--drawings", known, "--work", asked.work / "index"]
    script("fit_confidence.py", *own, "--bundle", asked.out)
    report = write_report(run, asked.work / "report")
    with Image.open(report / "failures.png") as picture:  # small, since it ships
        small = picture.convert("L").resize((WIDE, WIDE * picture.height // picture.width))
    small.quantize(16).save(asked.out / "failures.png", optimize=True)
    print(f"{asked.out}: {exported.bytes / 1e6:.1f} MB, least cosine to torch {exported.parity.cosine:.6f}")


def trained(
    sources: Sources, asked: argparse.Namespace, *, choosing: bool = False
) -> tuple[Path, list[Shape]]:
    """Lay out the data, train the backbone and the heads, or go on with them.

    Args:
        sources: where everything is.
        asked: the options of the command line.
        choosing: leave out the shapes that recipes are chosen with, and train one seed.

    Returns:
        The folder of the run, and the shapes.
    """
    words, data, shapes = load(sources, asked.work, choosing=choosing)
    backbone = asked.work / "pretrain" / NAME
    if not backbone.is_file():
        source = f"data.path={json.dumps(str(words))}"
        pretrain(load_config(PretrainSettings, BACKBONE, [source]), backbone.parent)
    changes = {"data.path": str(data), "backbone.sketch_weights": str(backbone)}
    settings = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
    run = asked.work / ("run-to-choose" if choosing else "run")
    seeds = asked.seeds if asked.choose or not choosing else asked.seeds.partition(",")[0]
    heads = load_config(RunSettings, HEADS, [*settings, f"train.seeds=[{seeds}]", *asked.set])
    train_run(heads, run, command=["python", "scripts/data/make_bundle.py"])
    return run, shapes


def script(name: str, *options: str | Path) -> None:
    """Run another script of this folder."""
    command = [sys.executable, HERE / name, *options]
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main()
