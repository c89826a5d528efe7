"""glTF 2.0 and GLB: containers, buffers, scenes, and what of them a viewer shows."""

from sketchshape.mesh.gltf.scene import read_gltf
from sketchshape.mesh.gltf.uris import companions

__all__ = ["companions", "read_gltf"]
