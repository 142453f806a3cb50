"""The visual comparison: a box of one image, as every method restores it."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.cli import OK, UNUSABLE, main
from harness.errors import InputError
from harness.images.png import read_image, write_image
from harness.images.resize import downscale
from harness.store.runs import save_run
from reports.paper.strip import Box, Restored, write
from tests.support.compiled import faults
from tests.support.runs import made

BOX = Box(8, 4, 16, 12)


def noise(seed: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def restored(names: list[str]) -> list[Restored]:
    return [Restored(name, noise(n), 30.126 + n, 0.87654) for n, name in enumerate(names, 1)]


@pytest.mark.parametrize("names", [["A"], ["A_1", "超", "C", "D", "E & F"]])
def test_the_strip_holds_the_pixels_of_the_box(names: list[str], tmp_path: Path) -> None:
    hr = noise(0)
    methods = restored(names)
    files = write(hr, BOX, methods, "img (Set5, ×4)", tmp_path / "strip")
    pngs = [file for file in files if file.suffix == ".png"]
    whole, *crops = (read_image(file) for file in pngs)
    assert whole.shape == hr.shape
    inside = np.zeros(hr.shape[:2], bool)
    inside[4:16, 8:24] = True
    np.testing.assert_array_equal(whole[inside], hr[inside])
    assert {tuple(pixel) for pixel in whole[whole[:, :, 0] != hr[:, :, 0]]} == {(255, 0, 0)}
    for crop, image in zip(crops, [hr, *(one.pixels for one in methods)], strict=True):
        np.testing.assert_array_equal(crop, image[4:16, 8:24])
    text = (tmp_path / "strip.tex").read_text()
    assert text.count(r"\includegraphics") == len(names) + 2
    assert "31.13 / 0.8765" in text
    before = [file.read_bytes() for file in files]
    write(hr, BOX, methods, "img (Set5, ×4)", tmp_path / "strip")
    assert [file.read_bytes() for file in files] == before
    assert faults([tmp_path / "strip.tex"], "textcomp,graphicx", tmp_path) == []


def test_crops_fill_a_page_in_two_rows(tmp_path: Path) -> None:
    write(noise(0), BOX, restored(["A", "B", "C", "D", "E"]), "img", tmp_path / "strip")
    pdf = (tmp_path / "strip.pdf").read_bytes()
    width = re.search(rb"/MediaBox \[ 0 0 (\S+) ", pdf)
    assert width
    assert width[1] == b"495"  # 6.875 inches of 72 points
    widths = re.findall(r"width=([\d.]+)", (tmp_path / "strip.tex").read_text())
    whole, crop = float(widths[0]), float(widths[1])
    assert whole + 3 * crop + 3 * 0.06 / 6.875 == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("box", [(0, 0, 65, 1), (-1, 0, 4, 4), (0, 47, 4, 2), (3, 3, 0, 4)])
def test_a_box_outside_the_image(box: tuple[int, int, int, int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not inside the image of 64x48 pixels"):
        write(noise(0), Box(*box), restored(["A"]), "img", tmp_path / "strip")
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, data = made(2, 2), tmp_path / "data"
    hr = noise(0)
    for side, image in (("HR/0001", hr), ("LR/0001x4", downscale(hr, 4))):
        file = data / f"DIV2K_valid_{side}.png"
        file.parent.mkdir(parents=True)
        write_image(file, image)
    out = tmp_path / "out"
    save_run(out, run)
    given = ["strip", str(out), "--data", str(data), "--box", "8,4,16,12", "--to", str(tmp_path)]
    assert main([*given, "--image", "valid/0001"]) == UNUSABLE
    assert "no SR image of valid/0001 lies below" in capsys.readouterr().err
    for entry in run.entries:
        file = out / "sr" / entry.slug / "valid" / "0001.png"
        file.parent.mkdir(parents=True)
        write_image(file, noise(1))
    assert main([*given, "--image", "valid/0001", "--methods", "NJU Jet"]) == OK
    text = (tmp_path / "strip_valid_0001_x4.tex").read_text()
    assert r"NJU\_Jet \\{} 29.00 / 0.8000" in text
    assert "ByteESR" not in text
    assert main([*given, "--image", "valid/0002"]) == UNUSABLE
    assert "valid has no HR image '0002'; it has 0001" in capsys.readouterr().err
    assert main([*given, "--image", "valid/0001", "--methods", "Nobody"]) == UNUSABLE
    assert "no SR image of a method Nobody is there; there are" in capsys.readouterr().err
