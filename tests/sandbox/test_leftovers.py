"""Private folders of killed runs: this host's go, those of other hosts are not ours to judge."""

import os
import socket
import subprocess
import sys
import tempfile

import pytest

from harness.sandbox.staging import private_folder, remove_leftovers


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_folders_of_ended_processes_are_removed_on_their_own_host_alone(temporary):
    host, gone = socket.gethostname(), ended_process()
    names = [
        f"esr-harness-{gone}@{host}-abcd1234",
        f"esr-harness-{os.getpid()}@{host}-abcd1234",
        f"esr-harness-{gone}@another-node-abcd1234",
        f"esr-harness-{gone}@{host}2-abcd1234",
        "esr-harness-notes",
    ]
    for name in names:
        (temporary / name).mkdir()
    remove_leftovers()
    assert sorted(path.name for path in temporary.iterdir()) == sorted(names[1:])


def test_a_folder_in_use_is_no_leftover_and_goes_after_its_pass(temporary, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "node-7")
    with private_folder() as folder:
        assert f"{os.getpid()}@node-7-" in folder.root.name
        remove_leftovers()
        assert folder.root.is_dir()
    assert list(temporary.iterdir()) == []
