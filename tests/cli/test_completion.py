"""Completion in the shell: a real bash is asked what it would offer."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sketchshape.cli.main import COMMANDS, main
from sketchshape.cli.options import SHELLS

ASK = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
compopt() {{ :; }}
_shtab_sketchshape sketchshape "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "sketchshape.bash"
    words = [sys.executable, "-m", "sketchshape", "--print-completion", "bash"]
    path.write_text(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return path


def _offered(script: Path, folder: Path, *words: str) -> set[str]:
    asked = " ".join(shlex.quote(word) for word in ("sketchshape", *words))
    code = ASK.format(script=shlex.quote(str(script)), words=asked)
    done = subprocess.run(["bash", "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("",), set(COMMANDS)),
        (("re",), {"report", "render"}),
        (("export", "--fr"), {"--fresh"}),
        (("render", "--style", ""), {"shaded", "lines"}),
        (("train", ""), {"psb76.toml", "runs"}),
        (("train", "ps"), {"psb76.toml"}),
        (("train", "psb76.toml", "--data", ""), {"runs"}),
        (("train", "psb76.toml", "--weights", "ps"), {"psb76.toml"}),
        (("evaluate", ""), {"runs"}),
        (("report", "runs", "--out", ""), {"runs"}),
        (("--print-completion", ""), set(SHELLS)),
    ],
)
def test_bash_completes(script: Path, tmp_path: Path, words: tuple[str, ...], expected: set[str]) -> None:
    (tmp_path / "psb76.toml").touch()
    (tmp_path / "runs").mkdir()
    assert _offered(script, tmp_path, *words) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_with_all_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--print-completion", shell])
    assert leaving.value.code == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)
