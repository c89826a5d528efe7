"""Classification files: what is read back, and errors that name file and line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketchshape.datasets.cla import read_cla
from sketchshape.errors import DatasetError

GOOD = "PSB 1\n2 3\n\naxe 0 2\n7\n12\n\nwine-bottle 0 1\n000003\n"


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    classes = read_cla(write(tmp_path / "a.cla", GOOD.replace("\n", end)))
    assert classes == {"axe": ("7", "12"), "wine-bottle": ("000003",)}
    assert list(classes) == ["axe", "wine-bottle"]


def test_spaces_empty_classes_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffPSB 1\n2 1\nanimal\t0  0\ndog animal 1  \n  5"
    assert read_cla(write(tmp_path / "a.cla", text)) == {"animal": (), "dog": ("5",)}


names = st.text("abcXYZ_-09", min_size=1, max_size=6)


@given(st.dictionaries(names, st.integers(0, 4), max_size=6))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, sizes: dict[str, int]) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.cla"
    ids = iter(range(1000))
    classes = {name: tuple(str(next(ids)) for _ in range(size)) for name, size in sizes.items()}
    body = "".join(
        f"\n{name} 0 {len(own)}\n" + "".join(f"{i}\n" for i in own) for name, own in classes.items()
    )
    assert read_cla(write(path, f"PSB 1\n{len(sizes)} {sum(sizes.values())}\n{body}")) == classes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected 'PSB 1'"),
        ("PSB 2\n", "line 1: expected 'PSB 1'"),
        ("\x00\x01\x02", "line 1: expected 'PSB 1'"),
        ("PSB 1\n", "line 2: expected two numbers"),
        ("PSB 1\n\nx y\n", "line 3: expected two numbers"),
        ("PSB 1\n2 -3\n", "line 2: expected two numbers"),
        (GOOD.replace("2 3", "2 4"), "line 2: 2 classes and 4 items are promised, 2 and 3 follow"),
        (GOOD.replace("2 3", "3 3"), "line 2: 3 classes and 3 items are promised, 2 and 3 follow"),
        (GOOD.replace("axe 0 2", "axe 0"), "line 4: 'axe 0', expected 'class parent count'"),
        (GOOD.replace("axe 0 2", "axe 0 two"), "line 4: 'axe 0 two', expected"),
        (GOOD.replace("axe 0 2", "axe 0 1"), "line 6: '12', expected 'class parent count'"),
        (GOOD.replace("axe 0 2", "axe 0 3"), "line 8: class 'axe' has 2 ids, expected 3"),
        (
            GOOD.replace("wine-bottle 0 1", "wine-bottle 0 2"),
            "line 8: class 'wine-bottle' has 1 ids, expected 2",
        ),
        (GOOD.replace("wine-bottle", "axe"), "line 8: class 'axe' stands here a second time"),
        (GOOD.replace("000003", "7"), "line 9: id '7' is in class 'axe' already"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_cla(write(tmp_path / "bad.cla", text))
    assert str(caught.value).startswith(f"{tmp_path / 'bad.cla'}, {message}")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone\.cla: cannot be read: No such file"):
        read_cla(tmp_path / "gone.cla")
