"""The one list of a submission's files: what is digested, and what a worker gets."""

import contextlib
import os
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.entries import files
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, Submission, digest
from harness.errors import PassError, SubmissionError
from harness.records import Manifest, ModelTable
from harness.sandbox.staging import stage_submission
from tests.support import tiny
from tests.support.manifests import GOOD, write

LISTED = ["submission/model.py", "submission/submission.toml"]


def names(folder):
    """Return what a worker gets of a submission that can be used."""
    (found,) = discover([folder])
    assert isinstance(found, Submission), found.error
    return [file.name for file in found.files]


def refusal(folder):
    (found,) = discover([folder])
    assert isinstance(found, BrokenSubmission)
    return str(found.error)


def touch(*places):
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x")


def test_data_results_images_and_what_tools_leave_are_left_out(tmp_path):
    folder = write(tmp_path / "a")
    left_out = ("datasets/DF2K/a.npy", "experiments/x/net.pth", "results/log.txt", ".git/config")
    touch(*(folder / name for name in (*left_out, "figs/net.PNG", "data/hr.bmp", "old.zip")))
    touch(folder / "config.yml", folder / "data" / "reading.py")
    assert names(folder) == ["submission/config.yml", "submission/data/reading.py", *LISTED]


def test_a_package_is_code_whatever_its_name(tmp_path):
    folder = write(tmp_path / "a")
    touch(folder / "datasets" / "__init__.py", folder / "datasets" / "a.png")
    assert names(folder) == ["submission/datasets/__init__.py", *LISTED]


def test_a_manifest_takes_what_is_left_out_and_leaves_out_what_is_taken(tmp_path):
    rule = '[files]\ninclude = ["experiments/x"]\nexclude = ["*.txt", "old/"]\n'
    folder = write(tmp_path / "a", GOOD + rule)
    touch(*(folder / "experiments" / name for name in ("x/net.pth", "x/log.txt", "y/net.pth")))
    touch(folder / "old" / "net.py")
    assert names(folder) == ["submission/experiments/x/net.pth", *LISTED]


def test_a_checkpoint_that_the_manifest_names_is_taken_wherever_it_lies(tmp_path):
    folder = write(tmp_path / "a", GOOD + '[weights]\npath = "experiments/net.pth"\n')
    touch(folder / "experiments" / "net.pth", folder / "experiments" / "other.pth")
    assert names(folder) == ["submission/experiments/net.pth", *LISTED]


def test_links_inside_the_folder_are_followed(tmp_path):
    folder = write(tmp_path / "a")
    touch(folder / "blocks" / "act.py", folder / "net.pth")
    (folder / "linked").symlink_to("blocks")
    (folder / "last.pth").symlink_to("net.pth")
    expected = ["blocks/act.py", "last.pth", "linked/act.py", "model.py", "net.pth"]
    assert names(folder) == [*(f"submission/{name}" for name in expected), LISTED[1]]


def test_python_code_is_followed_out_of_the_folder_and_digested(tmp_path):
    folder = write(tmp_path / "a")
    touch(tmp_path / "shared" / "__init__.py", tmp_path / "shared" / "photo.npy")
    (folder / "blocks").symlink_to("../shared")
    assert names(folder) == ["submission/blocks/__init__.py", *LISTED]
    before = digest(discover([folder])[0])
    (tmp_path / "shared" / "__init__.py").write_text("y")
    assert digest(discover([folder])[0]) != before


@pytest.mark.parametrize("target", ["images", "images/a.npy", "/etc/passwd"])
def test_a_link_out_of_the_folder_to_anything_else_is_refused(tmp_path, target):
    folder = write(tmp_path / "a")
    touch(tmp_path / "images" / "a.npy")
    (folder / "seen").symlink_to(tmp_path / target)
    assert "'seen' is a link that leaves the submission's folder" in refusal(folder)


@pytest.mark.parametrize("key", ["file", "path"])
def test_a_file_that_the_manifest_names_outside_must_be_of_its_kind(tmp_path, key):
    touch(tmp_path / "hr.png")
    whole = GOOD + '[weights]\npath = "net.pth"\n'
    named = "model.py" if key == "file" else "net.pth"
    folder = write(tmp_path / "a", whole.replace(named, "../hr.png"))
    assert "'../hr.png' lies outside the submission's folder" in refusal(folder)


def test_what_is_no_regular_file_is_refused_by_name(tmp_path, monkeypatch):
    def sub(name):
        return write(tmp_path / name, GOOD.replace('"a"', f'"{name}"'))

    (sub("dangling") / "x").symlink_to("/nowhere")
    (sub("endless") / "x").symlink_to("/dev/zero")
    loop = sub("loop")
    (loop / "x").symlink_to("y")
    (loop / "y").symlink_to("x")
    (sub("nested") / "x").symlink_to("..")
    os.mkfifo(sub("fifo") / "x")
    monkeypatch.chdir(sub("socket"))  # their paths are short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("x")
    found = {one.slug: one for one in discover([tmp_path])}
    reasons = {slug: str(one.error) for slug, one in found.items()}
    assert {slug: text.split(";")[0] for slug, text in reasons.items()} == {
        "dangling": "'x' is a link to nothing",
        "endless": "'x' is a device",
        "fifo": "'x' is a FIFO",
        "loop": "'x' cannot be read (Too many levels of symbolic links)",
        "nested": "'x' is a link to a folder that holds it",
        "socket": "'x' is a socket",
    }


def test_a_fifo_for_a_checkpoint_or_for_a_script_is_not_waited_for(tmp_path):
    folder = write(tmp_path / "a", GOOD + '[weights]\npath = "net.pth"\n')
    os.mkfifo(folder / "net.pth")
    assert "'net.pth' is a FIFO" in refusal(folder)
    (folder / "net.pth").unlink()
    os.mkfifo(folder / "test_demo.py")
    assert "'test_demo.py' is a FIFO" in refusal(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["secret.py", "submission.toml"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    folder = write(tmp_path / "a")
    touch(folder / "secret.py")
    (folder / name).chmod(0)
    assert f"{name}" in refusal(folder)
    assert "cannot be read (Permission denied)" in refusal(folder)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (files.Limits(files=1), "holds more than 1 files"),
        (files.Limits(size=10), "larger than 9.31e-09 GiB together"),
    ],
)
def test_number_and_size_are_limited(tmp_path, limits, reason):
    folder = write(tmp_path / "a")
    manifest = Manifest("a", ModelTable("model.py", "Network"))
    with pytest.raises(SubmissionError, match=reason):
        files.listed(Submission("a", folder, manifest), limits=limits)


def test_every_package_of_an_import_is_lent(tmp_path):
    folder = write(tmp_path / "a", model="import os, cv2, lmdb  # thop\nfrom .basicsr import x\n")
    (found,) = discover([folder], stand_ins=("cv2", "lmdb", "thop", "timm"))
    assert found.manifest.stand_ins == ("cv2", "lmdb")


def test_a_name_that_is_no_text_is_a_name(tmp_path):
    folder = write(tmp_path / "a")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.py")).write_text("x")
    assert len(digest(discover([folder])[0])) == 64


def test_a_file_that_changed_since_it_was_digested_is_not_run(tmp_path):
    folder = write(tmp_path / "a")
    (found,) = discover([folder])
    (folder / "model.py").write_text("x = 2\n")
    with pytest.raises(PassError, match=r"'submission/model\.py' has changed since"):
        stage_submission(found, tmp_path / "private")


def test_one_broken_folder_does_not_stop_the_others(tmp_path):
    entries = tmp_path / "all"
    for name in ("a", "b"):
        shutil.copytree(tiny.SUBMISSIONS / "good", entries / name)
    (entries / "a" / "x").symlink_to("/nowhere")
    data = tiny.write_data(tmp_path / "data")
    run, _ = tiny.run(tmp_path / "out", data, [entries], edition=tiny.untimed())
    broken, good = run.entries
    assert (broken.status, good.status) == ("failed", "ok")
    assert broken.failure.reason.startswith("'x' is a link to nothing")


NAMES = st.sampled_from(
    [
        *("a", "b.py", "results", "c.png", "__init__.py", "submission.toml", "model.py", "net.pth"),
        *("\x1b[2J\n.py", "\u202egnp.py", "n" * 255, "=1+1.py", "-rf", ".git"),
    ]
)
LINKS = {"link inside": "..", "nothing": "/nowhere", "device": "/dev/zero", "loop": "loop"}
TREES = st.recursive(
    st.sampled_from(["text", "link outside", "fifo", "socket", "deep", "loop of two", *LINKS]),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def _make(place, tree, shared):
    if place.is_file():  # the manifest, the model's file
        place.unlink()
    if isinstance(tree, dict):
        place.mkdir(exist_ok=True)
        for name, inner in tree.items():
            _make(place / name, inner, shared)
    elif tree == "text":
        place.write_text("x")
    elif tree == "fifo":
        os.mkfifo(place)
    elif tree == "socket":
        with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(place.parent):
            made.bind(place.name[:100])
    elif tree == "deep":
        place.joinpath(*["d"] * 300).mkdir(parents=True)
        place.joinpath(*["d"] * 300, "e.py").write_text("x")
    elif tree == "loop of two":
        other = place.with_name(f"{place.name[:9]}, other")
        place.symlink_to(other)
        other.symlink_to(place)
    else:
        place.symlink_to({"link outside": shared, "loop": place.name}.get(tree, LINKS.get(tree)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=st.dictionaries(NAMES, TREES, max_size=3))
def test_any_folder_is_staged_as_it_was_digested_or_is_one_row(tmp_path_factory, tree):
    place = tmp_path_factory.mktemp("tree")
    touch(place / "shared" / "z.py", place / "shared" / "z.npy")
    folder = write(place / "entry")
    _make(folder, tree, place / "shared")
    (found,) = discover([folder])
    if isinstance(found, Submission):
        stage_submission(found, place / "private")
        staged = sorted(p for p in (place / "private").rglob("*") if not p.is_dir())
        assert [str(p.relative_to(place / "private")) for p in staged] == sorted(
            file.name for file in found.files
        )
        assert all(p.is_file() and not p.is_symlink() for p in staged)
    else:
        assert found.error.args[0]
