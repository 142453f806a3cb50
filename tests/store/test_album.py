"""What a run keeps for pictures."""

import shutil

import numpy as np
import pytest

from harness.images.png import read_image
from harness.images.resize import upscale
from harness.store import album
from harness.store.runs import load_run
from tests.support import tiny

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'


def test_albums_keep_pixels_and_psnr(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    written = {
        "a/0": album.picture(pixels, 27.123456789),
        "a/1": album.picture(pixels[::-1], float("inf")),
        "b": album.picture(pixels),
    }
    file = tmp_path / "new" / "album.zip"
    album.write(file, written)
    assert album.read(file, written) == written
    assert album.read(file, ["b", "c"]) == {"b": written["b"]}
    assert (album.read(file, ["b"])["b"].pixels == pixels).all()
    before = file.read_bytes()
    album.write(file, written)
    assert file.read_bytes() == before


def test_an_album_that_is_missing_or_damaged_holds_nothing(tmp_path):
    assert album.read(tmp_path / "none.zip", ["0"]) == {}
    (tmp_path / "bad.zip").write_bytes(b"PK" * 40)
    assert album.read(tmp_path / "bad.zip", ["0"]) == {}


def with_figure(folder, fault, name):
    """Copy a submission of the tests and let its factsheet name a figure."""
    shutil.copytree(tiny.SUBMISSIONS / fault, folder)
    manifest = folder / "submission.toml"
    manifest.write_text(manifest.read_text() + f'\n[factsheet]\nfigure = "{name}"\n')
    return folder


@pytest.mark.heavy
def test_a_run_keeps_what_pictures_need_and_whole_images_where_asked(tmp_path):
    out, data = tmp_path / "out", tiny.write_data(tmp_path / "data")
    entries = [
        with_figure(tmp_path / "good", "good", "method.svg"),
        with_figure(tmp_path / "wrong", "wrong_size", "none.svg"),
    ]
    (entries[0] / "method.svg").write_bytes(SVG)
    run, _ = tiny.run(out, data, entries)
    good, wrong = run.entries
    assert load_run(out) == run
    assert wrong.pictures == {}
    assert (out / good.figure).read_bytes() == SVG
    assert (good.flags.get("figure"), wrong.figure) == (None, "")
    assert wrong.flags["figure"].startswith("figure 'none.svg' cannot be read")
    assert not (out / "sr").exists()
    shown = album.read(out / run.splits[0].pictures, ["hr/0", "lr/0", "bicubic/0"])
    hr, lr = (read_image(data / f"valid_{side}.png") for side in ("HR/a", "LR/ax4"))
    assert (shown["hr/0"].pixels == hr).all()  # 64x80: one window
    assert (shown["lr/0"].pixels == lr).all()
    assert (shown["bicubic/0"].pixels == upscale(lr, 4)).all()

    # SR images are gone, and are restored again to be kept; later they are there
    sr = out / "sr"
    _, recorder = tiny.run(out, data, entries, keep_sr=sr)
    assert ("good", "restore") in recorder.stages
    _, recorder = tiny.run(out, data, entries, keep_sr=sr)
    assert recorder.stages == []
    kept = sorted(file.relative_to(sr).as_posix() for file in sr.rglob("*.png"))
    assert kept == ["good/valid/a.png", "good/valid/b.png"]
    crop = album.read(out / good.pictures["valid"], ["0"])["0"]
    whole = read_image(sr / "good" / "valid" / "a.png")
    assert (crop.pixels == whole).all()
    mse = ((whole.astype(float) - hr) ** 2).mean()
    assert crop.psnr_db == pytest.approx(10 * np.log10(255**2 / mse), abs=1e-9)
