"""`init`, `pack`, `export`: from a network and its checkpoint to what organisers are given."""

import hashlib
import shutil
import sys
import tomllib
import zipfile

import pytest
import torch

from harness import cli
from harness.entries.discovery import discover
from harness.entries.drafting import factories
from harness.worker import select_model
from tests.support.places import ROOT, TESTS

SMALL = ROOT / "submissions" / "demo_small"


@pytest.fixture
def mine(tmp_path):
    """Return a folder with the small demo network, renamed, and its wrapped checkpoint."""
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(ROOT / "models" / "demo.py", folder / "network.py")
    state = torch.load(SMALL / "weights.pth")
    torch.save({"epoch": 3, "params_ema": state, "params": state}, folder / "best.pth")
    return folder


def drafted(folder, *more):
    return cli.main(["init", str(folder / "network.py"), str(folder / "best.pth"), *more])


def test_a_manifest_is_drafted_from_the_file_and_the_shapes(mine, capsys):
    assert drafted(mine, "--arguments", "blocks=2") == cli.OK
    manifest = tomllib.loads((mine / "submission.toml").read_text())
    # channels from the first convolution, scale from the last, key as loading prefers it
    assert manifest == {
        "name": "mine",
        "model": {
            "file": "network.py",
            "factory": "DemoNet",
            "arguments": {"channels": 16, "blocks": 2},
            "data_range": 1.0,
            "scale": 4,
        },
        "weights": {"path": "best.pth", "key": "params_ema"},
    }
    assert "Next: esr-harness check" in capsys.readouterr().out


def test_what_is_lacking_is_asked_for(mine, capsys, monkeypatch):
    assert drafted(mine) == cli.UNUSABLE
    assert "DemoNet needs more; add --arguments blocks=VALUE" in capsys.readouterr().err
    assert drafted(mine, "--arguments", "block=2") == cli.UNUSABLE
    assert "did you mean blocks=?" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "2")
    assert drafted(mine) == cli.OK
    assert drafted(mine, "--arguments", "blocks=2") == cli.UNUSABLE
    assert "is there already" in capsys.readouterr().err


def test_a_network_is_a_class_that_the_rest_of_the_file_does_not_use():
    assert [one.name for one in factories(ROOT / "models" / "demo.py")] == [
        "DemoNet",
        "ResidualBlock",
    ]
    assert factories(ROOT / "models" / "span.py")[0].name == "SPAN"


def test_an_archive_is_whole_and_the_same_each_time(tmp_path, capsys):
    assert cli.main(["pack", str(SMALL), "--to", str(tmp_path / "out")]) == cli.OK
    first = capsys.readouterr().out
    archive = tmp_path / "out" / "demo_small.zip"
    assert hashlib.sha256(archive.read_bytes()).hexdigest() in first
    zipfile.ZipFile(archive).extractall(tmp_path / "there")
    folder = tmp_path / "there" / "demo_small"
    names = {file.name for file in folder.iterdir()}
    assert names == {"demo.py", "weights.pth", "submission.toml", "SHA256SUMS"}
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    (unpacked,) = discover([folder])
    assert unpacked.manifest.model.file == "demo.py"
    assert cli.main(["pack", str(SMALL), "--to", str(tmp_path / "out")]) == cli.OK
    assert capsys.readouterr().out == first


def test_one_that_lacks_its_checkpoint_stops_no_other(tmp_path, capsys):
    lacking = TESTS / "submissions" / "missing_weights"
    to = ["--to", str(tmp_path)]
    assert cli.main(["pack", str(lacking), str(SMALL), *to]) == cli.SOMETHING_FAILED
    printed = capsys.readouterr().out
    assert "FIX  missing_weights lacks its checkpoint weights.pth" in printed
    assert (tmp_path / "demo_small.zip").is_file()


@pytest.fixture
def clone(tmp_path):
    shutil.copytree(TESTS / "repositories" / "edition", tmp_path / "clone")
    return tmp_path / "clone"


def test_an_entry_is_written_as_the_repository_expects_it(clone, capsys):
    before = select_model.branches((clone / "test_demo.py").read_text())
    assert cli.main(["export", str(SMALL), str(clone), "--id", "42"]) == cli.OK
    capsys.readouterr()
    branches = select_model.branches((clone / "test_demo.py").read_text())
    assert branches[:-1] == before
    (entry,) = discover([clone], ids=[42])
    assert entry.manifest.name == "42_Demo small"
    table = entry.manifest.official
    assert table.modules == ("models/team42_demo_small.py",)
    assert table.checkpoints == ("model_zoo/team42_demo_small.pth",)
    assert table.missing == ()
    original = (ROOT / "models" / "demo.py").read_bytes()
    assert (clone / table.modules[0]).read_bytes() == original
    assert cli.main(["export", str(SMALL), str(clone), "--id", "42"]) == cli.UNUSABLE
    assert "id 42 is taken" in capsys.readouterr().err


def test_what_a_branch_cannot_say_is_refused(clone, tmp_path, capsys):
    shutil.copytree(SMALL, tmp_path / "mine")
    manifest = (SMALL / "submission.toml").read_text().replace("../../", f"{ROOT}/")
    text = manifest.replace("scale = 4", "scale = 4\nmultiple_of = 8")
    (tmp_path / "mine" / "submission.toml").write_text(text)
    before = (clone / "test_demo.py").read_bytes()
    assert cli.main(["export", str(tmp_path / "mine"), str(clone), "--id", "9"]) == cli.UNUSABLE
    assert "asks for multiple_of" in capsys.readouterr().err
    assert (clone / "test_demo.py").read_bytes() == before
