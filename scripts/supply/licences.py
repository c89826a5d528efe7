"""The licences of what the package needs: all of them are allowed, or it says which are not.

Run: python scripts/supply/licences.py
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
EXTRAS = ("serve", "train", "watch", "svg", "heic", "draco", "dae", "step")
# They ask for a notice at most, or, as the MPL, for nothing of who only uses what is under it.
ALLOWED = {
    *("MIT", "MIT-CMU", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Zlib"),
    *("Apache-2.0 WITH LLVM-exception", "PSF-2.0", "CC0-1.0", "Unlicense", "BSL-1.0", "MPL-2.0"),
}
WORDS = {  # what packages write where they give no SPDX expression
    r"apache.*": "Apache-2.0",
    r"(the )?mit( license)?( \(mit\))?": "MIT",
    r"isc.*": "ISC",
    r"(new |modified )?bsd.*|3-clause bsd.*": "BSD-3-Clause",
    r"mpl-2\.0|mozilla public license 2\.0.*": "MPL-2.0",
    r"(python software foundation license|psf).*|license agreement for matplotlib.*": "PSF-2.0",
    r"the unlicense.*": "Unlicense",
}
READ = {"resvg-py": "MIT"}  # from the text of its LICENSE: it tells of none


def needed(extras: tuple[str, ...] = EXTRAS) -> dict[str, str]:
    """Give the licence of every package that is installed because this one needs it, as an SPDX expression.

    Args:
        extras: of this package; where a package of one is not installed, it is left out.

    Returns:
        Name of a package to its licence; empty where the package does not tell.
    """
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    waiting = [*project["dependencies"]]
    waiting += [one for extra in extras for one in project["optional-dependencies"][extra]]
    found: dict[str, str] = {}
    seen = set()
    while waiting:
        asked = Requirement(waiting.pop())
        name = canonicalize_name(asked.name)
        if (name, *asked.extras) in seen or not _counts(asked, ("",)):
            continue
        seen.add((name, *asked.extras))
        try:
            more = requires(name) or []
        except PackageNotFoundError:
            continue
        found[name] = licence(name)
        waiting += [text for text in more if _counts(Requirement(text), ("", *asked.extras))]
    return dict(sorted(found.items()))


def licence(name: str) -> str:
    """Read the licence that an installed package tells of, as an SPDX expression."""
    told = metadata(name)
    if told["License-Expression"]:
        return str(told["License-Expression"])
    classes = [
        text.rpartition("::")[2].strip() for text in told.get_all("Classifier") or [] if "License ::" in text
    ]
    for text in (*classes, *(told["License"] or "").splitlines()[:1]):
        for pattern, spdx in WORDS.items():
            if re.fullmatch(pattern, text.strip(), re.IGNORECASE):
                return spdx
    return READ.get(name, "")


def is_allowed(expression: str) -> bool:
    """Whether a licence may be had: one side of an OR, all sides of an AND."""
    ways = re.split(r" OR ", expression.replace("(", "").replace(")", ""))
    return any(all(part.strip() in ALLOWED for part in way.split(" AND ")) for way in ways)


def told(licences: dict[str, str]) -> Iterator[str]:
    """Write a line for each package; what is not allowed is marked."""
    for name, expression in licences.items():
        mark = "" if is_allowed(expression) else "  <- not allowed, see ALLOWED in scripts/supply/licences.py"
        yield f"{name:24} {expression or 'tells no licence'}{mark}"


def main() -> int:
    """Print the list; 1 where a licence is not allowed."""
    licences = needed()
    print("\n".join(told(licences)))
    return 0 if all(map(is_allowed, licences.values())) else 1


def _counts(asked: Requirement, extras: tuple[str, ...]) -> bool:
    return asked.marker is None or any(asked.marker.evaluate({"extra": extra}) for extra in extras)


if __name__ == "__main__":
    sys.exit(main())
