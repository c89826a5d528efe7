"""`python -m sketchshape` is the command `sketchshape`."""

import sys

from sketchshape.cli.main import main

sys.exit(main())
