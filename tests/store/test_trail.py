"""The trail of a folder of results: appended to, and telling where it was changed."""

import hashlib
import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.store import trail


def told(folder, *whats):
    for number, what in enumerate(whats):
        trail.add(folder, what, number=number)
    return trail.read(folder)


def test_every_line_holds_the_digest_of_the_line_before(tmp_path):
    events = told(tmp_path, "begun", "evaluated", "ranked").events
    lines = (tmp_path / trail.FILE).read_bytes().splitlines()
    digests = [hashlib.sha256(line).hexdigest() for line in (b"", *lines)]
    assert [event.before for event in events] == digests[:-1]
    assert [(e.what, e.facts) for e in events] == [
        (what, {"number": n}) for n, what in enumerate(("begun", "evaluated", "ranked"))
    ]


def test_a_folder_without_one_has_none(tmp_path):
    assert trail.read(tmp_path) == trail.Trail()


def test_a_line_longer_than_what_is_read_at_once_is_followed(tmp_path):
    trail.add(tmp_path, "begun", protocol="x" * 300_000)
    assert not told(tmp_path, "ranked").broken


def test_half_a_last_line_is_said_and_gone_on_after(tmp_path):
    told(tmp_path, "begun", "evaluated")
    file = tmp_path / trail.FILE
    file.write_bytes(file.read_bytes()[:-20])
    cut = ("line 2 is cut off: a process was ended as it wrote it",)
    before = trail.read(tmp_path)
    after = told(tmp_path, "begun")
    assert (before.cut, before.broken, len(before.events)) == (cut, (), 1)
    assert (after.cut, after.broken, len(after.events)) == (cut, (), 2)


@given(st.data())
def test_whatever_is_changed_before_the_last_line_shows(data):
    with tempfile.TemporaryDirectory() as folder:
        told(Path(folder), "begun", "evaluated", "ranked")
        file = Path(folder) / trail.FILE
        content = bytearray(file.read_bytes())
        last = content.rstrip(b"\n").rindex(b"\n")
        place = data.draw(st.integers(0, last - 1))
        changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
        content[place] = changed
        file.write_bytes(content)
        assert trail.read(Path(folder)).broken


@given(st.integers(0, 3))
def test_a_line_that_was_removed_or_put_in_between_shows(number):
    with tempfile.TemporaryDirectory() as folder:
        told(Path(folder), "begun", "evaluated", "evaluated", "evaluated", "ranked")
        file = Path(folder) / trail.FILE
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        assert trail.read(Path(folder)).broken
        forged = json.loads(lines[number]) | {"what": "accepted"}
        put_in = json.dumps(forged).encode() + b"\n"
        file.write_bytes(b"".join([*lines[: number + 1], put_in, *lines[number + 1 :]]))
        assert trail.read(Path(folder)).broken


def test_other_rules_are_named(tmp_path):
    for border in (4, 4, 2):
        trail.add(tmp_path, "begun", protocol={"border": border, "scale": 4})
    ((event, keys),) = trail.rules_changed(trail.read(tmp_path))
    assert (event.facts["protocol"]["border"], keys) == (2, ["border"])
