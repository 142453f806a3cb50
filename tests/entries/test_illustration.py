"""The figure that a factsheet names is kept, or refused with its reason."""

import os
from dataclasses import replace

import PIL.Image
import pytest

from harness.entries import illustration
from harness.entries.discovery import discover
from harness.entries.submission import Submission
from harness.errors import SubmissionError
from harness.store.passes import Store
from tests.support import tiny

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


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
    manifest = discover([tiny.SUBMISSIONS / "good"])[0].manifest
    manifest = replace(manifest, factsheet=replace(manifest.factsheet, figure=name))
    with pytest.raises(SubmissionError) as told:
        illustration.keep(Submission("x", tmp_path, manifest), Store(tmp_path / "out"))
    assert str(told.value).startswith(f"figure {name!r} {reason}")


def test_a_fifo_for_a_figure_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "figure.png")
    manifest = discover([tiny.SUBMISSIONS / "good"])[0].manifest
    manifest = replace(manifest, factsheet=replace(manifest.factsheet, figure="figure.png"))
    with pytest.raises(SubmissionError, match=r"cannot be read \(it is no regular file\)"):
        illustration.keep(Submission("x", tmp_path, manifest), Store(tmp_path / "out"))


@pytest.mark.parametrize("kind", ["png", "jpeg", "svg"])
def test_pictures_are_known_by_their_content(tmp_path, kind):
    if kind == "svg":
        (tmp_path / "figure").write_bytes(SVG)
    else:
        PIL.Image.new("RGB", (4, 4)).save(tmp_path / "figure", format=kind)
    manifest = discover([tiny.SUBMISSIONS / "good"])[0].manifest
    manifest = replace(manifest, factsheet=replace(manifest.factsheet, figure="figure"))
    name = illustration.keep(Submission("x", tmp_path, manifest), Store(tmp_path / "out"))
    assert name.startswith("store/figure/")
    assert name.endswith(f".{kind}")
