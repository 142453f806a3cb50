"""`submissions status`: what teams handed in, each with its verdict, none stopping the others."""

import csv
import re
import shutil

import pytest

from harness import cli
from tests.support import tiny
from tests.support.places import ROOT


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """Return a folder that teams handed in to, with nothing in it that can be used."""
    folder = tmp_path / "in"
    shutil.copytree(tiny.SUBMISSIONS / "wrong_manifest", folder / "beta")
    (folder / "empty").mkdir()
    (folder / "gamma.zip").write_text("no archive")
    (folder / "notes.txt").write_text("of an organiser")
    return folder


def status(folder, *more):
    given = ["--protocol", str(tiny.PROTOCOL), "--device", "fake"]
    return cli.main(["submissions", "status", str(folder), *given, *map(str, more)])


def rows_of(file):
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_what_cannot_be_used_has_its_line_and_its_reason(folder, capsys):
    assert status(folder, "--csv", folder.parent / "t.csv") == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out
    assert "0 of 3 are ready." in printed
    assert "Not looked at, as neither folder nor ZIP file: notes.txt" in printed
    rows = rows_of(folder.parent / "t.csv")
    assert [(row["team"], row["kind"], row["verdict"]) for row in rows] == [
        ("beta", "folder", "unusable"),
        ("empty", "folder", "unusable"),
        ("gamma", "ZIP file", "unusable"),
    ]
    assert "did you mean 'factory'?" in rows[0]["to_fix"]
    assert "holds no submission; add a submission.toml" in rows[1]["to_fix"]
    assert "is no whole ZIP file" in rows[2]["to_fix"]


def test_anonymous_ids_stay_and_hide_the_teams(folder, capsys):
    assert status(folder, "--anonymous") == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out
    assert not re.search("beta|gamma|wrong", printed)
    ids = {row["team"]: row["id"] for row in rows_of(folder / "anonymous-ids.csv")}
    assert list(ids) == ["beta", "empty", "gamma"] and len({*ids.values()}) == 3
    shutil.copytree(folder / "empty", folder / "delta")
    status(folder, "--anonymous")
    later = {row["team"]: row["id"] for row in rows_of(folder / "anonymous-ids.csv")}
    assert later.keys() - ids.keys() == {"delta"} and later | ids == later


def test_a_folder_without_teams_is_refused(tmp_path, capsys):
    assert status(tmp_path / "nowhere") == cli.UNUSABLE
    (tmp_path / "none").mkdir()
    assert status(tmp_path / "none") == cli.UNUSABLE
    assert "holds neither a folder nor a ZIP file of a team" in capsys.readouterr().err


@pytest.mark.heavy
def test_folders_and_packed_archives_are_checked_once_and_told_apart_by_their_files(
    folder, tmp_path, capsys
):
    shutil.copytree(ROOT / "submissions" / "demo_small", folder / "alpha")
    model = (folder / "alpha" / "submission.toml").read_text().replace("../../models/", "")
    (folder / "alpha" / "submission.toml").write_text(model)
    shutil.copy(ROOT / "models" / "demo.py", folder / "alpha")
    # its checkpoint, itself an archive, hardly shrinks
    assert cli.main(["pack", str(ROOT / "submissions/demo_large"), "--to", str(folder)]) == cli.OK
    assert cli.main(["pack", str(folder / "alpha"), "--to", str(folder)]) == cli.OK
    shutil.move(folder / "alpha.zip", folder / "omega.zip")
    status(folder, "--csv", tmp_path / "t.csv")
    rows = {row["team"]: row for row in rows_of(tmp_path / "t.csv")}
    assert (rows["demo_large"]["verdict"], rows["demo_large"]["name"]) == ("ready", "Demo large")
    # SHA256SUMS, which `pack` adds, makes other files of it
    assert rows["alpha"]["verdict"] == rows["omega"]["verdict"] == "ready"
    capsys.readouterr()
    shutil.copytree(folder / "alpha", folder / "zeta")
    status(folder, "--csv", tmp_path / "t.csv")
    assert "inspect" not in capsys.readouterr().err  # every verdict is from the cache
    rows = {row["team"]: row for row in rows_of(tmp_path / "t.csv")}
    assert rows["zeta"]["to_fix"] == "its files are those of alpha"
