"""Files that several hosts write at once are whole, whoever is last."""

import socket

import pytest

from harness.store import files


def test_writers_with_the_same_process_id_on_two_hosts_do_not_meet(tmp_path, monkeypatch):
    file = tmp_path / "result.json"

    def there():
        return {path.name for path in tmp_path.iterdir()}

    def write_of_one_host(stream):
        stream.write(b"one")
        monkeypatch.setattr(socket, "gethostname", lambda: "another")
        files.write_text(file, "two")
        assert file.read_text() == "two"
        assert len(there()) == 2

    files.write_whole(file, write_of_one_host)
    assert file.read_text() == "one"
    assert there() == {"result.json"}


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    file = tmp_path / "result.json"
    files.write_text(file, "before")

    def fail(stream):
        stream.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.write_whole(file, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert file.read_text() == "before"
