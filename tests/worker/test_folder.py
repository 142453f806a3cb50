"""What a worker puts into its folder is read as data, or refused; nothing is waited for."""

import os
import socket

import pytest

from harness.errors import PassError
from harness.worker.folder import PassFolder


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


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_of_its_size_is_a_failure_at_once(folder, thing):
    THINGS[thing](folder.root / "result.json")
    with pytest.raises(PassError, match="cannot be read"):
        folder.result()


def test_an_honest_result_is_taken(folder):
    assert folder.result() is None
    folder.put_result({"result": {}})
    assert folder.result() == b'{"result": {}}'
