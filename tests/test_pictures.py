"""What a run keeps for pictures: the same crop of every image."""

import shutil
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import album, illustration
from harness.cache import ImageCache
from harness.crops import SIDE, window
from harness.errors import SubmissionError
from harness.images import read_image
from harness.resize import upscale
from harness.store import Store, load_run
from harness.submission import Submission
from tests import tiny


def cached(pixels, tmp_path):
    return ImageCache(tmp_path).store(pixels)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_window_is_where_the_detail_is(tmp_path, scale):
    image = np.full((300, 410, 3), 90, np.uint8)
    image[120:200, 240:310] = np.random.default_rng(0).integers(0, 256, (80, 70, 3))
    found = window(cached(image, tmp_path), scale)
    assert (found.height, found.width) == (SIDE, SIDE)
    assert found.top <= 120 and found.top + SIDE >= 200
    assert found.left <= 240 and found.left + SIDE >= 310
    assert found.top % scale == found.left % scale == 0


@settings(max_examples=40, deadline=None)
@given(height=st.integers(19, 260), width=st.integers(19, 260), scale=st.sampled_from([2, 3, 4]))
def test_the_window_lies_inside_and_on_the_grid(tmp_path_factory, height, width, scale):
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    found = window(cached(image, tmp_path_factory.mktemp("cache")), scale)
    for start, length, side in (
        (found.top, found.height, height),
        (found.left, found.width, width),
    ):
        assert start % scale == length % scale == 0
        assert length == min(SIDE, side // scale * scale)
        assert 0 <= start <= start + length <= side


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


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def with_figure(folder, fault, name):
    """Copy a submission of the tests and let its factsheet name a figure."""
    shutil.copytree(tiny.SUBMISSIONS / fault, folder)
    manifest = folder / "submission.toml"
    manifest.write_text(manifest.read_text() + f'\n[factsheet]\nfigure = "{name}"\n')
    return folder


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


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.png", None, "cannot be read (No such file or directory)"),
        ("../../elsewhere.png", None, "lies outside the submission's folder"),
        ("text.png", b"not a picture", "is not a PNG, JPEG or SVG picture"),
        ("page.svg", b"<html></html>", "is not a PNG, JPEG or SVG picture"),
        (
            "bomb.svg",
            b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG,
            "is not a PNG, JPEG or SVG picture",
        ),
        ("large.png", b"\x89PNG\r\n\x1a\n" + bytes(2 * 2**20), "is larger than 2 MiB"),
    ],
)
def test_a_figure_that_cannot_be_shown_is_told_in_one_sentence(tmp_path, name, content, reason):

    if content is not None:
        (tmp_path / name).write_bytes(content)
    manifest = tiny.discover([tiny.SUBMISSIONS / "good"])[0].manifest
    manifest = replace(manifest, factsheet=replace(manifest.factsheet, figure=name))
    with pytest.raises(SubmissionError) as told:
        illustration.keep(Submission("x", tmp_path, manifest), Store(tmp_path / "out"))
    assert str(told.value).startswith(f"figure {name!r} {reason}")


@pytest.mark.parametrize("kind", ["png", "jpeg", "svg"])
def test_pictures_are_known_by_their_content(tmp_path, kind):
    if kind == "svg":
        (tmp_path / "figure").write_bytes(SVG)
    else:
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / "figure", format=kind)
    manifest = tiny.discover([tiny.SUBMISSIONS / "good"])[0].manifest
    manifest = replace(manifest, factsheet=replace(manifest.factsheet, figure="figure"))
    name = illustration.keep(Submission("x", tmp_path, manifest), Store(tmp_path / "out"))
    assert name.startswith("store/figure/")
    assert name.endswith(f".{kind}")
