"""Data sets fetched: whole or not at all, known by their sha256."""

import hashlib
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from harness import cli
from harness.errors import DataError
from harness.images.datasets import public
from harness.images.datasets.public import Archive, PublicData, fetch, named
from harness.store.downloads import FetchError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))


def zipped(folder, names=("Small/a.png", "Small/b.png"), method=zipfile.ZIP_STORED):
    """Write an archive; the content of each file is its name, often."""
    file = folder / "small.zip"
    with zipfile.ZipFile(file, "w", method) as content:
        for name in names:
            content.writestr(name, name * 100)
    return file


def published(file, url=""):
    """Return a data set whose archive is `file`."""
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    archive = Archive(url or file.as_uri(), digest, len(content), "Small")
    return PublicData("Small", "its authors", archive)


def left(tmp_path):
    return sorted(
        file.name for name in ("data", "cache/data") for file in (tmp_path / name).glob("*")
    )


def test_an_archive_is_unpacked_and_nothing_else_is_left(tmp_path):
    small = published(zipped(tmp_path))
    folder = fetch(small, tmp_path / "data")
    assert folder == tmp_path / "data" / "Small"
    assert {file.name: file.read_text()[:11] for file in folder.iterdir()} == {
        "a.png": "Small/a.png",
        "b.png": "Small/b.png",
    }
    assert left(tmp_path) == ["Small"]
    with pytest.raises(FetchError, match="is there already; remove it"):
        fetch(small, tmp_path / "data")


def test_another_content_is_not_kept(tmp_path):
    small = published(zipped(tmp_path))
    wrong = replace(small, archive=replace(small.archive, sha256="0" * 64))
    with pytest.raises(FetchError, match=r"another sha256 than 000.*get it from its authors"):
        fetch(wrong, tmp_path / "data")
    assert left(tmp_path) == []


def test_an_address_that_gives_nothing(tmp_path):
    small = published(zipped(tmp_path))
    (tmp_path / "small.zip").unlink()
    with pytest.raises(FetchError, match="is this machine offline"):
        fetch(small, tmp_path / "data")
    assert left(tmp_path) == []


@contextmanager
def served(content, broken_off):
    """Serve `content` over HTTP; the first `broken_off` answers end in its middle."""
    answers = iter([len(content) // 2] * broken_off)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: next(answers, len(content))])

        def log_message(self, *_): ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/small.zip"
        server.shutdown()


def test_an_interrupted_download_leaves_nothing_and_starts_again(tmp_path):
    file = zipped(tmp_path)
    with served(file.read_bytes(), broken_off=1) as url:
        small = published(file, url)
        with pytest.raises(FetchError, match="cannot be fetched"):
            fetch(small, tmp_path / "data")
        assert left(tmp_path) == []
        assert fetch(small, tmp_path / "data").is_dir()
    assert left(tmp_path) == ["Small"]


def no_zip(folder):
    file = folder / "small.zip"
    file.write_bytes(b"no archive")
    return file


def damaged(folder):
    """Write an archive whose table of contents is sound and whose compressed bytes are not."""
    file = zipped(folder, method=zipfile.ZIP_DEFLATED)
    content = bytearray(file.read_bytes())
    start = content.index(b"b.png") + 5
    content[start : start + 8] = bytes(8)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (no_zip, "not a zip file"),
        (damaged, "Small.zip cannot be unpacked"),
        (lambda folder: zipped(folder, ["Other/a.png"]), "Other/a.png lies outside Small"),
        (lambda folder: zipped(folder, ["Small/a.png", "Small/../../b.png"]), "lies outside Small"),
        (lambda folder: zipped(folder, ["Small/a.png", "/b.png"]), "/b.png lies outside Small"),
    ],
)
def test_what_cannot_be_unpacked_whole_leaves_no_folder(tmp_path, write, words):
    small = published(write(tmp_path))
    with pytest.raises(FetchError, match=words) as caught:
        fetch(small, tmp_path / "data")
    assert "cannot be unpacked" in str(caught.value)
    assert left(tmp_path) == ["Small.zip"]  # to look at; it is not downloaded again
    assert not list(tmp_path.rglob("*.png"))


def test_the_command_fetches_or_says_where(tmp_path, monkeypatch, capsys):
    small = published(zipped(tmp_path))
    monkeypatch.setattr(public, "PUBLIC", (small, *public.PUBLIC))
    assert cli.main(["data", "fetch", "small", "--to", str(tmp_path / "data")]) == cli.OK
    assert f"Small: {tmp_path / 'data' / 'Small'}" in capsys.readouterr().out
    assert cli.main(["data", "fetch", "Manga109"]) == cli.UNUSABLE
    printed = capsys.readouterr().err
    assert "manga109.org" in printed
    assert "into Manga109/HR of the data folder" in printed


def test_the_published_archive_of_div2k():
    archive = named("div2k_valid_hr").archive
    assert (archive.size, archive.sha256[:8]) == (448_993_893, "20dd31fd")
    with pytest.raises(DataError, match="no public data set is known as 'Set6'; there are DIV2K"):
        named("Set6")
