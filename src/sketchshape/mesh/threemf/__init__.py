"""3MF, the format of programs for 3D printing: a zip archive of models in XML."""

from sketchshape.mesh.threemf.reader import read_3mf

__all__ = ["read_3mf"]
