"""What can be set, and the TOML files that set it."""

from sketchshape.config.toml import from_tree, load_config, override, to_tree

__all__ = ["from_tree", "load_config", "override", "to_tree"]
