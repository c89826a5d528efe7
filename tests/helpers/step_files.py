"""STEP files of parts, written by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

HEAD = (
    "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"
    "FILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\nDATA;\n"
)


class Part:
    """The data section of a STEP file: entities by number."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, text: str) -> str:
        self.lines.append(f"#{len(self.lines) + 1}={text};")
        return f"#{len(self.lines)}"

    def triple(self, kind: str, values: Any) -> str:
        return self.add(f"{kind}('',({','.join(str(float(one)) for one in values)}))")

    def place(self, at: Any, up: Any, along: Any) -> str:
        parts = [self.triple("CARTESIAN_POINT", at)]
        parts += [self.triple("DIRECTION", one) for one in (up, along)]
        return self.add(f"AXIS2_PLACEMENT_3D('',{','.join(parts)})")


def box(sides: tuple[float, float, float]) -> str:
    """A box of these sides in millimetres, as a solid with six plane faces."""
    part = Part()
    add = part.add
    corners = {key: np.array(key) * sides for key in itertools.product((0, 1), repeat=3)}
    vertices = {
        key: add(f"VERTEX_POINT('',{part.triple('CARTESIAN_POINT', at)})") for key, at in corners.items()
    }
    edges: dict[tuple[Any, Any], str] = {}

    def edge(start: Any, end: Any) -> str:
        if (end, start) in edges:
            return add(f"ORIENTED_EDGE('',*,*,{edges[end, start]},.F.)")
        step = corners[end] - corners[start]
        vector = add(f"VECTOR('',{part.triple('DIRECTION', step / np.abs(step).sum())},1.)")
        line = add(f"LINE('',{part.triple('CARTESIAN_POINT', corners[start])},{vector})")
        edges[start, end] = add(f"EDGE_CURVE('',{vertices[start]},{vertices[end]},{line},.T.)")
        return add(f"ORIENTED_EDGE('',*,*,{edges[start, end]},.T.)")

    faces = []
    for axis, side in itertools.product(range(3), (0, 1)):
        loop = [tuple(np.insert(pair, axis, side).tolist()) for pair in ((0, 0), (1, 0), (1, 1), (0, 1))]
        if (side == 1) == (axis == 1):  # seen from outside it turns to the left
            loop = loop[::-1]
        bound = ",".join(edge(*pair) for pair in zip(loop, loop[1:] + loop[:1], strict=True))
        ring = add(f"EDGE_LOOP('',({bound}))")
        bound = add(f"FACE_OUTER_BOUND('',{ring},.T.)")
        out, along = np.eye(3)[axis] * (2 * side - 1), np.eye(3)[axis - 1]
        plane = add(f"PLANE('',{part.place(corners[loop[0]], out, along)})")
        faces.append(add(f"ADVANCED_FACE('',({bound}),{plane},.T.)"))
    shell = add(f"CLOSED_SHELL('',({','.join(faces)}))")
    solid = add(f"MANIFOLD_SOLID_BREP('',{shell})")
    units = [
        add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))"),
        add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))"),
        add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())"),
    ]
    exact = add(f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-7),{units[0]},'','')")
    context = add(
        f"(GEOMETRIC_REPRESENTATION_CONTEXT(3)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({exact}))"
        f"GLOBAL_UNIT_ASSIGNED_CONTEXT(({','.join(units)}))REPRESENTATION_CONTEXT('',''))"
    )
    axes = part.place((0, 0, 0), (0, 0, 1), (1, 0, 0))
    shape = add(f"ADVANCED_BREP_SHAPE_REPRESENTATION('',({axes},{solid}),{context})")
    use = add("APPLICATION_CONTEXT('automotive design')")
    context = add(f"PRODUCT_CONTEXT('',{use},'mechanical')")
    product = add(f"PRODUCT('box','box','',({context}))")
    formation = add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
    stage = add(f"PRODUCT_DEFINITION_CONTEXT('part definition',{use},'design')")
    definition = add(f"PRODUCT_DEFINITION('','',{formation},{stage})")
    defined = add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
    add(f"SHAPE_DEFINITION_REPRESENTATION({defined},{shape})")
    return HEAD + "\n".join(part.lines) + "\nENDSEC;\nEND-ISO-10303-21;\n"
