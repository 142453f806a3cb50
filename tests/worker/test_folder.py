"""What a worker puts into its folder is read as data, or refused; nothing is waited for."""

import os
import socket

import numpy as np
import pytest

from harness.errors import PassError
from harness.worker.folder import PassFolder

READS = {
    "progress": lambda folder: folder.progress(),
    "result.json": lambda folder: folder.result(),
    "sr/0": lambda folder: folder.take_sr(0, (2, 3)),
}


def _sparse(file):
    with file.open("wb") as stream:
        stream.truncate(300 * 2**20)


def _socket(file):
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(file))


THINGS = {
    "a FIFO": os.mkfifo,
    "300 MB": _sparse,
    "a folder": os.mkdir,
    "a socket": _socket,
    "a link to itself": lambda file: file.symlink_to(file),
    "a link to a file": lambda file: file.symlink_to("/etc/passwd"),
    "a link to an endless device": lambda file: file.symlink_to("/dev/zero"),
    "a dangling link": lambda file: file.symlink_to("nothing"),
}


@pytest.fixture
def folder(tmp_path):
    folder = PassFolder(tmp_path)
    with folder.made():
        yield folder


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_of_its_size_is_a_failure_at_once(folder, name, thing):
    THINGS[thing](folder.root / name)
    with pytest.raises(PassError, match="cannot be read"):
        READS[name](folder)


@pytest.mark.parametrize("text", ["-1", "1e9", "٣", "", "NaN", "\x1b[2J"])
def test_a_progress_that_is_no_number_is_none(folder, text):
    (folder.root / "progress").write_text(text)
    assert folder.progress() == 0


def test_files_of_another_folder_are_not_read_in_the_place_of_its_own(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "0").write_bytes(bytes(18))
    (folder.root / "sr").rename(tmp_path / "away")
    (folder.root / "sr").symlink_to(other)
    assert folder.take_sr(0, (2, 3)) is None


def test_honest_files_are_taken(folder):
    pixels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    assert folder.take_sr(0, (2, 3)) is None
    folder.put_sr(0, pixels)
    folder.put_progress(7)
    folder.put_result({"result": {}})
    assert (folder.take_sr(0, (2, 3)) == pixels).all()
    assert list((folder.root / "sr").iterdir()) == []
    assert (folder.progress(), folder.result()) == (7, b'{"result": {}}')


def test_an_image_of_another_size_is_a_failure(folder):
    folder.put_sr(0, np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(PassError, match=r"12 bytes, not \(2, 3\) pixels"):
        folder.take_sr(0, (2, 3))
