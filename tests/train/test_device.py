"""What torch computes with, and which precision suits it."""

from __future__ import annotations

import platform

import pytest

torch = pytest.importorskip("torch")

from sketchshape.train import device as devices  # noqa: E402

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def cpu(monkeypatch):
    """Give a CPU what instructions it has, or None for a torch that cannot tell."""

    def become(instructions: dict[str, bool] | None, machine: str = "x86_64") -> None:
        monkeypatch.setattr(platform, "machine", lambda: machine)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        if instructions is None:
            monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
        else:
            monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions, raising=False)

    return become


@pytest.mark.parametrize(
    ("instructions", "machine", "fast"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "x86_64", True),
        ({"avx512_bf16": False, "amx_bf16": True}, "AMD64", True),
        ({"avx512_bf16": False, "amx_bf16": False}, "x86_64", False),
        ({"avx2": True}, "x86_64", False),
        ({"bf16": True}, "aarch64", None),
        (None, "x86_64", None),
    ],
)
def test_bf16_is_fast_where_the_cpu_has_instructions_for_it(cpu, instructions, machine, fast):
    cpu(instructions, machine)
    assert devices.multiplies_bf16() is fast
    assert ("bf16 is fast" in devices.describe()) is (fast is True)
    assert ("fp32 is fastest" in devices.describe()) is (fast is False)


def test_a_precision_that_slows_the_cpu_down_is_said_in_one_line(cpu, capsys):
    cpu({"avx512_bf16": False})
    devices.note_precision("bf16", CPU)
    said = capsys.readouterr().err
    assert said.startswith("note: ")
    assert "train.precision=fp32" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("precision", "device", "instructions"),
    [
        ("fp32", CPU, {"avx512_bf16": False}),
        ("bf16", GPU, {"avx512_bf16": False}),
        ("bf16", CPU, {"avx512_bf16": True}),
        ("bf16", CPU, None),
    ],
)
def test_nothing_is_said_of_a_precision_that_does_no_harm(cpu, capsys, precision, device, instructions):
    cpu(instructions)
    devices.note_precision(precision, device)
    assert capsys.readouterr().err == ""
