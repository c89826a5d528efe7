"""Spoiled files of every kind give a valid value or a named error, in time, and no library warns."""

from __future__ import annotations

import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from corpus import WHOLE, spoiled
from judge import judge

COUNT = 25  # of each kind; make fuzz tries as many as there is time for
SLOW = 5.0  # seconds of a busy machine


@pytest.mark.parametrize("name", WHOLE)
def test_spoiled_files(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(zlib.crc32(name.encode()))
    path = tmp_path / name
    path.write_bytes(WHOLE[name])
    judge(path)
    capfd.readouterr()
    for number in range(COUNT):
        path.write_bytes(spoiled(WHOLE[name], random))
        start = time.process_time()
        judge(path)
        assert time.process_time() - start < SLOW, number
    assert capfd.readouterr() == ("", "")
