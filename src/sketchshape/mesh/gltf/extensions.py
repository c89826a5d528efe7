"""The extensions of glTF that a file may require: those that are read, and those that change no shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sketchshape.errors import MeshError

READ = frozenset((
    "KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression",
    "EXT_mesh_gpu_instancing", "KHR_node_visibility", "KHR_mesh_quantization",
    "KHR_materials_pbrSpecularGlossiness",
))  # fmt: skip
HARMLESS = frozenset((
    # Pictures and where they lie on the surface, colours, lights, sounds, notes: nothing moves by them.
    "KHR_texture_transform", "KHR_texture_basisu", "EXT_texture_webp", "EXT_texture_avif", "MSFT_texture_dds",
    "KHR_texture_procedurals", "KHR_techniques_webgl", "KHR_lights_punctual", "KHR_lights", "EXT_lights_ies",
    "EXT_lights_image_based", "KHR_xmp", "KHR_xmp_json_ld", "KHR_animation_pointer", "KHR_audio_emitter",
    "EXT_mesh_features", "EXT_structural_metadata", "EXT_instance_features", "EXT_feature_metadata",
    "KHR_interactivity", "KHR_node_selectability", "KHR_node_hoverability", "KHR_physics_rigid_bodies",
    "KHR_implicit_shapes", "KHR_collision_shapes", "MSFT_packing_normalRoughnessMetallic",
    "MSFT_packing_occlusionRoughnessMetallic", "CESIUM_RTC", "CESIUM_primitive_outline", "VRM", "VRMC_vrm",
    "VRMC_materials_mtoon", "VRMC_springBone", "VRMC_node_constraint", "MSFT_lod", "FB_ngon_encoding",
    "EXT_mesh_manifold", "KHR_mesh_primitive_restart", "EXT_mesh_primitive_restart",
    "EXT_mesh_primitive_edge_visibility", "EXT_textureInfo_constant_lod", "EXT_texture_video",
))  # fmt: skip
HARMLESS_KINDS = ("KHR_materials_", "EXT_materials_", "ADOBE_materials_", "MPEG_texture", "AGI_")


def check_required(path: Path, json: dict[str, Any]) -> None:
    """Refuse a file that says that it cannot be shown without an extension that is not known.

    Raises:
        MeshError: it names all of them.
    """
    unknown = [
        str(name)
        for name in json.get("extensionsRequired") or []
        if name not in READ and name not in HARMLESS and not str(name).startswith(HARMLESS_KINDS)
    ]
    if unknown:
        names = ", ".join(sorted(unknown)[:5])
        raise MeshError(path, f"needs the glTF extension {names}, which is not supported; export it without")
