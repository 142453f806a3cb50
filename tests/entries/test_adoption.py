"""Native folders from official entries."""

import pytest

from harness.cli import main
from harness.entries.adoption import adopt
from harness.entries.discovery import discover
from harness.entries.manifest import read_manifest
from harness.errors import InputError
from tests.support import official, tiny


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return official.write_edition(tmp_path_factory.mktemp("clone") / "NTIRE_ESR")


def test_an_imported_entry_restores_what_the_original_does(clone, tmp_path):
    found = discover([clone], ids=(-1, 2, 3))
    folders = [adopt(one, tmp_path / "native") for one in found]
    data = tiny.write_data(tmp_path / "data")
    originals, _ = tiny.run_found(tmp_path / "a", data, found, edition=tiny.untimed())
    natives, _ = tiny.run(tmp_path / "b", data, folders, edition=tiny.untimed())
    assert [entry.failure for entry in natives.entries] == [None] * 3
    for original, native in zip(originals.entries, natives.entries, strict=True):
        assert (native.id, native.name) == (original.id, original.name)
        assert [s.sr_digest for s in native.scores] == [s.sr_digest for s in original.scores]
        assert native.inspection == original.inspection


def test_the_folder_holds_one_teams_files_alone(clone, tmp_path):
    (found,) = discover([clone], ids=(3,))
    folder = adopt(found, tmp_path)
    held = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert held == [
        "model.py",
        "model_zoo/team00_plain.pth",
        "models/team00_plain.py",
        "models/team03_package/network.py",
        "models/team03_package/part.py",
        "submission.toml",
    ]


def test_the_manifest_says_how_the_checkpoint_is_loaded(clone, tmp_path):
    wrapped, loose = (adopt(s, tmp_path) for s in discover([clone], ids=(2, 4)))
    assert read_manifest(wrapped).weights.key == "net"
    assert read_manifest(loose).weights.strict is False


def test_what_does_more_or_lacks_files_is_refused_with_a_reason(clone, tmp_path, capsys):
    ids = "--ids=0,1,5,7,12,15"
    assert main(["import", str(clone), ids, "--to", str(tmp_path / "native")]) == 1
    lines = capsys.readouterr().out.splitlines()
    reasons = ["team00_absent.pth", "is empty", "sys.path", "sys.path", "tile", "team15_gone.py"]
    assert len(lines) == len(reasons)
    for line, reason in zip(lines, reasons, strict=True):
        assert reason in line
    assert not (tmp_path / "native").exists()


def test_a_folder_that_is_there_is_not_overwritten(clone, tmp_path):
    (found,) = discover([clone], ids=(-1,))
    adopt(found, tmp_path)
    with pytest.raises(InputError, match="there already"):
        adopt(found, tmp_path)
