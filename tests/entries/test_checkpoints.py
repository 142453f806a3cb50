"""Fetching and finding published checkpoints, through the command line."""

import hashlib

import pytest

from harness import cli
from harness.entries.checkpoints import located
from harness.entries.discovery import discover
from harness.entries.submission import Submission

CONTENT = b"a checkpoint"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def published(tmp_path):
    file = tmp_path / "published" / "net.pth"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    return file


def entry(tmp_path, url, sha256=SHA256):
    folder = tmp_path / "entry"
    folder.mkdir()
    (folder / "model.py").write_text("")
    (folder / "submission.toml").write_text(
        'name = "Net"\n[model]\nfile = "model.py"\nfactory = "Net"\n'
        f'[weights]\npath = "net.pth"\nurl = "{url}"\nsha256 = "{sha256}"\n'
    )
    return folder


def found(folder, *weights):
    (submission,) = discover([folder])
    assert isinstance(submission, Submission)
    return located(submission, weights).checkpoint


def test_a_fetched_checkpoint_is_found_in_the_cache(tmp_path, cache, published, capsys):
    folder = entry(tmp_path, published.as_uri())
    assert not found(folder).is_file()
    assert cli.main(["weights", "fetch", str(folder)]) == cli.OK
    assert found(folder).read_bytes() == CONTENT
    assert found(folder).is_relative_to(cache)
    published.unlink()
    assert cli.main(["weights", "fetch", str(folder)]) == cli.OK  # it is there already


def test_another_content_is_refused_and_nothing_is_kept(tmp_path, cache, published, capsys):
    folder = entry(tmp_path, published.as_uri(), sha256="0" * 64)
    assert cli.main(["weights", "fetch", str(folder)]) == cli.SOMETHING_FAILED
    assert "another sha256" in capsys.readouterr().err
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("url", ["https://unreachable.invalid/net.pth", "file:///nowhere/net.pth"])
def test_what_cannot_be_reached_is_one_sentence(tmp_path, cache, url, capsys):
    folder = entry(tmp_path, url)
    assert cli.main(["weights", "fetch", str(folder)]) == cli.SOMETHING_FAILED
    printed = capsys.readouterr().err
    assert f"{url} cannot be fetched" in printed
    assert "--weights" in printed
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_an_entry_without_an_address_says_so(tmp_path, capsys):
    folder = entry(tmp_path, "x")
    manifest = folder / "submission.toml"
    manifest.write_text(manifest.read_text().partition("[weights]")[0])
    assert cli.main(["weights", "fetch", str(folder)]) == cli.SOMETHING_FAILED
    assert "Net names no published checkpoint" in capsys.readouterr().err


def test_a_local_folder_comes_first_whatever_its_files_are_called(tmp_path, published):
    folder = entry(tmp_path, "x")
    (folder / "net.pth").write_bytes(CONTENT)
    assert found(folder) == (folder / "net.pth").resolve()
    other = published.rename(published.with_name("renamed.bin"))
    assert found(folder, other.parent) == other
    other.write_bytes(b"something else")
    (tmp_path / "unrelated").mkdir()
    assert found(folder, tmp_path / "unrelated") == (folder / "net.pth").resolve()
