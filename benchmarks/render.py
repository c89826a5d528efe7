"""CPU-seconds for the views of one shape: sketchshape beside the renderers that others use.

Run `python benchmarks/render.py`. What is not installed is named with the command that installs it.
Each renderer runs in a process of its own; reading files, compiling and opening a display are not timed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

FACES = (3_700, 20_000, 1_000_000)
Draw = Callable[[], np.ndarray]


def bumpy_sphere(faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (N, 3) float32 and about `faces` faces (M, 3) int32 of a sphere with waves."""
    n = round((faces / 2) ** 0.5)
    t = np.linspace(0, np.pi, n + 1)[:, None]
    p = np.linspace(0, 2 * np.pi, n, endpoint=False)[None]
    r = 0.9 + 0.1 * np.sin(5 * t) * np.cos(6 * p)
    vertices = np.stack([r * np.sin(t) * np.cos(p), r * np.cos(t) + 0 * p, r * np.sin(t) * np.sin(p)], -1)
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    a, b = i * n + j, i * n + (j + 1) % n
    triangles = np.stack([a, b, a + n, b, b + n, a + n], -1).reshape(-1, 3)
    return vertices.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32)


def camera_poses(count: int) -> list[np.ndarray]:
    """Camera to world, (4, 4), looking at the origin from 30 degrees above."""
    poses = []
    for k in range(count):
        a, e = 2 * np.pi * k / count, np.radians(30)
        back = np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
        right = np.array([np.cos(a), 0, -np.sin(a)])
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(back, right), back], 1)
        pose[:3, 3] = back / np.sin(np.radians(15))
        poses.append(pose)
    return poses


def with_sketchshape(vertices: np.ndarray, faces: np.ndarray, count: int, size: int) -> Draw:
    from sketchshape.render import render_views
    from sketchshape.types import Mesh

    mesh = Mesh(vertices, faces)
    return lambda: render_views(mesh, count, size)


def with_sketchshape_lines(vertices: np.ndarray, faces: np.ndarray, count: int, size: int) -> Draw:
    from sketchshape.render import render_lines
    from sketchshape.types import Mesh

    mesh = Mesh(vertices, faces)
    return lambda: render_lines(mesh, count, size)


def with_pyrender(vertices: np.ndarray, faces: np.ndarray, count: int, size: int) -> Draw:
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    import pyrender
    import trimesh

    renderer = pyrender.OffscreenRenderer(size, size)

    def draw() -> np.ndarray:
        scene = pyrender.Scene(bg_color=(1.0, 1.0, 1.0, 1.0))
        node = scene.add(
            pyrender.Mesh.from_trimesh(trimesh.Trimesh(vertices, faces, process=False), smooth=False)
        )
        camera = scene.add(pyrender.PerspectiveCamera(yfov=np.radians(30)))
        light = scene.add(pyrender.DirectionalLight(intensity=3.0))
        views = []
        for pose in camera_poses(count):
            scene.set_pose(camera, pose)
            scene.set_pose(light, pose)
            views.append(renderer.render(scene)[0][..., 0])
        scene.remove_node(node)
        return np.stack(views)

    return draw


def with_vtk(vertices: np.ndarray, faces: np.ndarray, count: int, size: int) -> Draw:
    from vtkmodules import vtkRenderingOpenGL2  # noqa: F401  the import makes the window below a real one
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints, vtkUnsignedCharArray
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(size, size)
    window.SetMultiSamples(4)

    def draw() -> np.ndarray:
        points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
        points.SetData(numpy_to_vtk(vertices))
        indices = np.insert(faces.astype(np.int64), 0, 3, axis=1).ravel()
        cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(indices))
        data.SetPoints(points)
        data.SetPolys(cells)
        mapper, actor, renderer = vtkPolyDataMapper(), vtkActor(), vtkRenderer()
        mapper.SetInputData(data)
        actor.SetMapper(mapper)
        actor.GetProperty().SetInterpolationToFlat()
        renderer.AddActor(actor)
        renderer.SetBackground(1, 1, 1)
        window.AddRenderer(renderer)
        camera, views = renderer.GetActiveCamera(), []
        camera.SetViewAngle(30)
        for pose in camera_poses(count):
            camera.SetPosition(*pose[:3, 3])
            camera.SetFocalPoint(0, 0, 0)
            camera.SetViewUp(0, 1, 0)
            renderer.ResetCameraClippingRange()
            window.Render()
            pixels = vtkUnsignedCharArray()
            window.GetPixelData(0, 0, size - 1, size - 1, 1, pixels, 0)
            views.append(vtk_to_numpy(pixels).reshape(size, size, 3)[::-1, :, 0].copy())
        window.RemoveRenderer(renderer)
        return np.stack(views)

    return draw


def with_embree(vertices: np.ndarray, faces: np.ndarray, count: int, size: int) -> Draw:
    import trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    at = ((np.arange(size) + 0.5) / size * 2 - 1) * np.tan(np.radians(15))
    rays = np.stack(np.broadcast_arrays(at[None, :], -at[:, None], -1.0), -1).reshape(-1, 3)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)

    def draw() -> np.ndarray:
        mesh = trimesh.Trimesh(vertices, faces, process=False)
        scene, views = RayMeshIntersector(mesh), []
        for pose in camera_poses(count):
            turned = rays @ pose[:3, :3].T
            hit = scene.intersects_first(np.broadcast_to(pose[:3, 3], turned.shape), turned)
            cosine = np.abs(np.einsum("ij,ij->i", mesh.face_normals[hit], turned))
            views.append(np.where(hit < 0, 255, 40 + 180 * cosine).astype(np.uint8).reshape(size, size))
        return np.stack(views)

    return draw


RENDERERS: dict[str, tuple[Callable[[np.ndarray, np.ndarray, int, int], Draw], tuple[str, ...], str]] = {
    "sketchshape": (with_sketchshape, ("sketchshape",), "pip install sketchshape"),
    "sketchshape, lines": (with_sketchshape_lines, ("sketchshape",), "pip install sketchshape"),
    "VTK": (with_vtk, ("vtkmodules",), "pip install vtk"),
    "pyrender": (with_pyrender, ("pyrender",), "pip install pyrender"),
    "trimesh + embree": (with_embree, ("trimesh", "embreex"), "pip install trimesh embreex"),
}


def measure(name: str, faces: int, count: int, size: int, runs: int) -> dict[str, Any]:
    """Time one renderer in this process, after one run to warm up."""
    draw = RENDERERS[name][0](*bumpy_sphere(faces), count, size)
    views = draw()
    inked = float(np.mean(views < 255))
    # A picture of the wrong thing is fast: the shape covers two thirds of it, its lines a hundredth.
    if not (0.005 if "lines" in name else 0.3) < inked < 0.9:
        return {"error": f"{inked:.0%} of its pixels are ink: not the picture that was asked for"}
    seconds = []
    for _ in range(runs):
        begin = time.process_time()
        draw()
        seconds.append(time.process_time() - begin)
    return {"seconds": statistics.median(seconds)}


def measure_apart(name: str, faces: int, options: argparse.Namespace) -> dict[str, Any]:
    """Time one renderer in a process of its own, which may crash."""
    _, modules, install = RENDERERS[name]
    if any(importlib.util.find_spec(module) is None for module in modules):
        return {"error": f"not installed: {install}"}
    command = [sys.executable, __file__, "--one", name, "--faces", str(faces)]
    command += ["--count", str(options.count), "--size", str(options.size), "--runs", str(options.runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    last = done.stderr.strip().splitlines()[-1:] or [""]
    return {"error": f"failed with exit code {done.returncode}: {last[0][:100]}"}


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU-seconds for the views of one shape.")
    parser.add_argument("--faces", type=int, nargs="+", default=FACES, help="sizes of the mesh")
    parser.add_argument("--count", type=int, default=12, help="views")
    parser.add_argument("--size", type=int, default=224, help="pixels")
    parser.add_argument("--runs", type=int, default=7, help="the median of so many runs is given")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--one", choices=RENDERERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.faces[0], options.count, options.size, options.runs)))
        return
    results = [
        {"renderer": name, "faces": faces, **measure_apart(name, faces, options)}
        for faces in options.faces
        for name in RENDERERS
    ]
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{options.count} views of {options.size} x {options.size}, CPU-seconds, median of {options.runs}")
    print(f"{'renderer':20} {'faces':>9} {'seconds':>9} {'ratio':>7}")
    own: dict[int, float] = {}
    for result in results:
        name, faces = str(result["renderer"]), result["faces"]
        if "error" in result:
            print(f"{name:20} {faces:9} {result['error']}")
            continue
        own.setdefault(faces, result["seconds"])
        print(f"{name:20} {faces:9} {result['seconds']:9.3f} {result['seconds'] / own[faces]:7.1f}")


if __name__ == "__main__":
    main()
