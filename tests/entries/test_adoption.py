"""Native folders from official entries."""

from dataclasses import replace

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


@pytest.mark.heavy
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
        # the branch reads its checkpoint and takes prefixes off itself: of the native entry that is
        # told. The processor's time is no figure.
        own = {"stripped": (), "checkpoint_elements": 0, "work": None}
        assert replace(native.inspection, **own) == replace(original.inspection, **own)


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


BRANCHES = """    elif model_id == 16:
        from models.team00_plain import Plain

        name, data_range = "16_Placed", 1.0
        model = Plain().to(device) if str(device) else Plain(number=model_id)
        model.load_state_dict(torch.load("model_zoo/team04_loose.pth"), False)
    elif model_id == 17:
        from models.team00_plain import Plain

        name, data_range = "17_Asked", 1.0
        model = Plain(*[name for name in args.names])
        model.load_state_dict(torch.load("model_zoo/team00_plain.pth"))
"""


def test_what_a_branch_is_given_is_written_down_or_refused(tmp_path, capsys):
    clone = official.write_edition(tmp_path / "NTIRE_ESR")
    text = (clone / "test_demo.py").read_text()
    end = text.index("    else:\n")
    (clone / "test_demo.py").write_text(text[:end] + BRANCHES + text[end:])
    (clone / "models" / "__init__.py").write_text("")
    assert main(["import", str(clone), "--ids=16,17", "--to", str(tmp_path / "native")]) == 1
    folder = tmp_path / "native" / "16_Placed"
    assert read_manifest(folder).weights.strict is False
    lines = (folder / "model.py").read_text().splitlines()
    assert lines[0] == "import torch"
    assert "    model_id = 16" in lines
    assert "    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')" in lines
    assert (folder / "models" / "__init__.py").is_file()
    assert "is built with 'args', which its branch does not define" in capsys.readouterr().out


def test_what_does_more_or_lacks_files_is_refused_with_a_reason(clone, tmp_path, capsys):
    ids = "--ids=0,1,5,7,12,15"
    assert main(["import", str(clone), ids, "--to", str(tmp_path / "native")]) == 1
    printed = capsys.readouterr()
    assert "id 1 of NTIRE_ESR is a placeholder" in printed.err
    lines = printed.out.splitlines()
    reasons = ["team00_absent.pth", "sys.path", "sys.path", "tile", "team15_gone.py"]
    assert len(lines) == len(reasons)
    for line, reason in zip(lines, reasons, strict=True):
        assert reason in line
    assert not (tmp_path / "native").exists()


def test_a_folder_that_is_there_is_not_overwritten(clone, tmp_path):
    (found,) = discover([clone], ids=(-1,))
    adopt(found, tmp_path)
    with pytest.raises(InputError, match="there already"):
        adopt(found, tmp_path)
