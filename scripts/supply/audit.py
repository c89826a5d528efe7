"""Ask for known holes in the packages that are installed, and list the licences of what the package needs.

Run: make audit

Where the service that knows of holes cannot be reached this says so, and that nothing was found out; it is an
error only where a hole or a licence is.
"""

from __future__ import annotations

import json
import subprocess
import sys

import licences


def main() -> int:
    """Print what is found; 1 where a hole is known or a licence is not allowed."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        packages = []
    asked = [one for one in packages if "skip_reason" not in one]
    holes = [(one, hole) for one in asked for hole in one["vulns"]]
    for one, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {hole['id']}, mended in {mended}")
    if asked:
        print(f"{len(asked)} of {len(packages)} packages were asked for, {len(holes)} holes are known.")
    else:
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        reason = packages[0]["skip_reason"] if packages else said[-1]
        print(f"Skipped: the service that knows of holes gave no answer ({reason}).")
    print("\nLicences:")
    return max(licences.main(), 1 if holes else 0)


if __name__ == "__main__":
    sys.exit(main())
