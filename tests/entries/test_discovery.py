"""Folders of submissions."""

import pytest

from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, digest
from harness.errors import InputError
from tests.support import tiny
from tests.support.manifests import GOOD, write


def test_a_folder_of_submissions_is_all_of_them_and_a_broken_one_is_kept(tmp_path):
    write(tmp_path / "b")
    write(tmp_path / "a", "name = ")
    (tmp_path / "notes").mkdir()
    first, second = discover([tmp_path])
    assert isinstance(first, BrokenSubmission)
    assert (first.slug, second.slug) == ("a", "b")


def test_slugs_are_unique_and_safe_in_file_names(tmp_path):
    paths = [write(tmp_path / "x" / "My net!"), write(tmp_path / "y" / "My net!")]
    assert [found.slug for found in discover(paths)] == ["My-net", "My-net-2"]


def test_a_submission_named_twice_is_taken_once(tmp_path):
    folder = write(tmp_path / "a")
    assert len(discover([folder, tmp_path])) == 1


def test_two_entries_may_not_share_an_id(tmp_path):
    for name in "ab":
        write(tmp_path / name, "id = 7\n" + GOOD)
    with pytest.raises(InputError, match="id 7 is claimed by"):
        discover([tmp_path])


def test_paths_without_submissions_are_refused(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        discover([tmp_path / "nowhere"])
    (tmp_path / "submision.toml").write_text(GOOD)
    with pytest.raises(InputError, match=r"rename submision\.toml to submission\.toml"):
        discover([tmp_path])


def test_the_digest_covers_shared_files_and_not_the_place(tmp_path):
    shared = tmp_path / "models" / "net.py"
    shared.parent.mkdir()
    shared.write_text("a = 1\n")
    manifest = GOOD.replace("model.py", "../models/net.py")
    write(tmp_path / "entry", manifest)

    def found():
        return digest(discover([tmp_path / "entry"])[0])

    before = found()
    shared.write_text("a = 2\n")
    assert found() != before
    shared.write_text("a = 1\n")
    assert found() == before
    (tmp_path / "entry" / "__pycache__").mkdir()
    (tmp_path / "entry" / "__pycache__" / "model.pyc").write_text("")
    assert found() == before


def test_the_shipped_test_entries_are_found():
    slugs = {found.slug for found in discover([tiny.SUBMISSIONS])}
    assert {"good", "hangs", "wrong_manifest"} <= slugs
