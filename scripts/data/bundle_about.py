"""What the card of the bundle that ships says of its data and its limits."""

ABOUT = """## Made from

* Shapes by {authors}: those of Kenney, Quaternius and Kay Lousberg and a part of the others are released
  under CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/), the rest, most by Scopia and Kator
  Legaz from the furniture library of Sweet Home 3D, under Creative Commons Attribution 3.0
  (https://creativecommons.org/licenses/by/3.0/). None of their geometry is in the bundle.
* Drawings from the Quick, Draw! Dataset (https://github.com/googlecreativelab/quickdraw-dataset), made
  available by Google, Inc. under Creative Commons Attribution 4.0 International
  (https://creativecommons.org/licenses/by/4.0/); only those that the game recognised.
* Sketches of TU-Berlin by M. Eitz, J. Hays and M. Alexa, "How Do Humans Sketch Objects?" (2012), CC BY 4.0,
  traced to strokes; the 2,700 test sketches of SHREC'13 are in no part of it.
* The weights of MobileNet v1, trained on ImageNet, (c) Google, Apache License 2.0
  (https://www.apache.org/licenses/LICENSE-2.0). Those of the shapes' network are not changed but for folding
  batch-norms into convolutions and rounding to half precision; those of the sketches' network were trained
  further, on Quick, Draw! first, then on both kinds of drawings and on shapes drawn in lines.

The drawings of the figures above were held out of training and pre-training: a tenth of the sketches of
TU-Berlin, and `configs/keys/held-out-drawings.txt` of Quick, Draw!. The shapes are those that were learned
from, as in the closed-gallery protocol of the paper. What it finds among shapes that it has never seen is in
docs/decisions/0012-second-edition.md, with the commands.

## Limits

* A scribble that a person could not name is not found either. The drawings above of which it finds least, the
  worst of ten words, with what it finds in place of them:

![ten drawings, each with the ten shapes that are found first](failures.png)

* What is none of the words in bundle.json is compared by the words that it is nearest to.
* Shapes that people draw from one side only, and that no line drawing of ours shows so, are found less well.
* How sure a search is was fitted in a library of some 260 shapes. In one of thousands something alike is
  found more often, and it is too sure. `weights` and `bias` of `confidence` are a second curve over the
  embedding of a drawing, which tells scribbles, words and dots from things.

## How it was made

`scripts/data/make_bundle.py` makes this folder from the sources.
"""
