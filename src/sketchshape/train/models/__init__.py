"""The networks: backbones, heads, and the encoders that join them."""
