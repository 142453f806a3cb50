"""An official repository run as it is: one id per idiom of the public ones."""

import pytest
import torch

from harness.cli import main
from harness.entries.discovery import discover
from harness.entries.submission import BrokenSubmission, Submission, digest
from harness.errors import InputError
from harness.worker.loading.standins import WORKING
from tests.support import official, tiny

# id -> status, stage of the failure, what its reason must say
EXPECTED = {
    -1: ("ok", None, ""),
    0: ("partial", "load", "model_zoo/team00_absent.pth is not there"),
    2: ("ok", None, ""),
    3: ("ok", None, ""),
    4: ("ok", None, ""),
    5: ("ok", None, ""),
    6: ("failed", "load", "the repository has no models/imdn.py"),
    7: ("failed", "load", "no compiler for the operator"),
    8: ("ok", None, ""),
    9: ("failed", "load", "needs the package 'torchvision', which is not installed here"),
    10: ("ok", None, ""),
    11: ("ok", None, ""),
    12: ("ok", None, ""),
    13: ("ok", None, ""),
    14: ("failed", "load", "team14_unsafe.pth needs arbitrary unpickling"),
    15: ("failed", "load", "the repository has no models/team15_gone.py"),
}
LENT = tuple(sorted(set(WORKING) - {"span_attention"}))


def snapshot(folder):
    return {p.relative_to(folder): p.stat().st_mtime_ns for p in folder.rglob("*")}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return official.write_edition(tmp_path_factory.mktemp("clone") / "NTIRE_ESR")


@pytest.fixture(scope="module")
def run(clone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("official")
    before = snapshot(clone)
    everything = [clone, *clone.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    found = discover([clone], stand_ins=LENT)
    data = tiny.write_data(folder / "data")
    result, _ = tiny.run_found(folder / "out", data, found, edition=tiny.untimed())
    for path in everything:
        path.chmod(path.stat().st_mode | 0o200)
    assert snapshot(clone) == before, "the clone was written to"
    return {entry.id: entry for entry in result.entries}


@pytest.mark.parametrize("number", EXPECTED)
def test_each_id_is_a_row_with_figures_or_a_reason(run, number):
    entry, (status, stage, words) = run[number], EXPECTED[number]
    assert entry.status == status, entry.failure
    assert (entry.failure.stage if entry.failure else None) == stage
    assert words in (entry.failure.reason if entry.failure else "")


def test_networks_with_the_same_weights_restore_the_same_images(run):
    """However they were wrapped, saved, moved or imported; tiles average to the same pixels."""
    digests = {n: [score.sr_digest for score in run[n].scores] for n in (-1, 2, 3, 5, 8, 12)}
    assert len(digests[-1]) == 2
    assert all(digest == digests[-1] for digest in digests.values())


def test_an_absent_checkpoint_leaves_the_complexity(run):
    inspection = run[0].inspection
    assert (inspection.params, inspection.complexity.num_conv) == (3 * 48 * 9 + 48, 1)
    assert run[0].scores == ()


def test_loose_loads_are_shown_with_counts(run):
    assert "1 keys missing from the checkpoint, 2 unexpected" in run[4].flags["not-strict"]
    assert "not-strict" not in run[2].flags


def test_stand_ins_are_named_on_the_row_they_served(run):
    assert "stand-in: basicsr, cv2" in run[8].flags
    assert not any(flag.startswith("stand-in") for flag in run[2].flags)


def test_oddities_are_flagged(run):
    assert "nondeterministic" in run[10].flags
    assert "float16" in run[11].flags["precision"]
    assert not {"nondeterministic", "precision"} & run[2].flags.keys()


def test_fusing_networks_are_counted_fused(run):
    inspection = run[13].inspection
    assert inspection.params_loaded - inspection.params == 3 * 48 + 48


def test_without_stand_ins_the_missing_package_is_named(clone, tmp_path):
    found = discover([clone], ids=(8,))
    data = tiny.write_data(tmp_path / "data")
    result, _ = tiny.run_found(tmp_path / "out", data, found, edition=tiny.untimed())
    assert "needs the package 'cv2'" in result.entries[0].failure.reason


OPERATOR = """
import torch


class Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        return x * torch.nn.functional.conv2d(x, weight, bias)


span_attention = Attention.apply
"""


@pytest.fixture
def twin(tmp_path, monkeypatch):
    """Name the plain path of id 7 as the twin of its operator."""
    overlay = tmp_path / "overlays"
    overlay.mkdir()
    (overlay / "small.toml").write_text(
        'recognised_by = "models/team07_operator.py"\n[entries.7]\noperator = "span_attention"\n'
        'twin = { factory = "Operated", arguments = { use_operator = false } }\n'
        'note = "published: another figure"\n'
    )
    monkeypatch.setattr("harness.entries.repository.OVERLAYS", overlay)


@pytest.mark.usefixtures("twin")
def test_an_operator_that_is_not_built_is_measured_through_its_twin(clone, tmp_path):
    found = discover([clone], ids=(7,), stand_ins=tuple(WORKING))
    data = tiny.write_data(tmp_path / "data")
    result, _ = tiny.run_found(tmp_path / "out", data, found, edition=tiny.untimed())
    (entry,) = result.entries
    assert entry.status == "ok", entry.failure
    assert entry.inspection.complexity.num_conv == 2
    assert "Operated(..., use_operator=False)" in entry.flags["plain-path"]
    assert entry.flags["note"] == "published: another figure"


@pytest.mark.usefixtures("twin")
def test_an_operator_built_in_the_clone_runs_and_its_twin_is_counted(tmp_path):
    clone = official.write_edition(tmp_path / "clone")
    (clone / "operator_source" / "span_attention.py").write_text(OPERATOR)
    found = discover([clone], ids=(7,), stand_ins=tuple(WORKING))
    data = tiny.write_data(tmp_path / "data")
    result, _ = tiny.run_found(tmp_path / "out", data, found, edition=tiny.untimed())
    (entry,) = result.entries
    assert entry.status == "ok", entry.failure
    # a 3x3 convolution from 3 to 48 channels, and a 1x1 of 48, which the operator hides
    assert entry.inspection.complexity.flops["fvcore"].flops == 64 * 64 * (27 * 48 + 48 * 48)
    assert (entry.inspection.complexity.num_conv, entry.inspection.twin) == (2, "Operated")
    assert not {"plain-path", "counter-blind"} & entry.flags.keys()
    assert not any(flag.startswith("stand-in") for flag in entry.flags)


@pytest.mark.heavy
@pytest.mark.parametrize("allowed", [True, False])
def test_an_operator_is_built_where_the_user_allows_it(allowed, tmp_path, monkeypatch):
    overlay = tmp_path / "overlays"
    overlay.mkdir()
    (overlay / "small.toml").write_text(
        'recognised_by = "models/team07_operator.py"\n[entries.7]\noperator = "span_attention"\n'
        'twin = { factory = "Operated", arguments = { use_operator = false } }\n'
        'build = { folder = "operator_source", command = ["python", "make.py"] }\n'
    )
    monkeypatch.setattr("harness.entries.repository.OVERLAYS", overlay)
    clone = official.write_edition(tmp_path / "clone")
    made = f"open('span_attention.py', 'w').write({OPERATOR!r})"
    (clone / "operator_source" / "make.py").write_text(made)
    found = discover([clone], ids=(7,), stand_ins=tuple(WORKING), build=allowed)
    data = tiny.write_data(tmp_path / "data")
    result, recorder = tiny.run_found(tmp_path / "out", data, found, edition=tiny.untimed())
    (entry,) = result.entries
    assert entry.status == "ok", entry.failure
    assert ("build" in [stage for _, stage in recorder.stages]) is allowed
    assert ("plain-path" in entry.flags) is not allowed
    assert entry.inspection.operator_missing is not allowed


def test_check_looks_at_one_id_with_stand_ins_or_without(clone, capsys):
    options = ["--protocol", str(tiny.PROTOCOL), "--device", "fake"]
    assert main(["check", str(clone), "--ids=0", *options]) == 1
    out = capsys.readouterr().out
    assert "team00_absent.pth is not there: only its complexity is measured" in out
    assert main(["check", str(clone), "--ids=8", "--no-stand-ins", *options]) == 1
    assert "needs the package 'cv2', which is not installed here" in capsys.readouterr().out


def test_only_what_an_entry_may_need_is_given_to_it(clone):
    def given(number):
        (found,) = discover([clone], ids=(number,))
        return [file.name.removeprefix("submission/") for file in found.files]

    assert "model_zoo/team00_plain.pth" in given(-1)
    assert not any("wrapped" in name or "operator_source" in name for name in given(-1))
    assert "operator_source/build.py" in given(7)


def test_what_a_team_left_broken_harms_only_itself(tmp_path):
    clone = official.write_edition(tmp_path / "clone")
    (clone / "models" / "team03_package" / "data").symlink_to("/nowhere")
    (clone / "model_zoo" / "team04_loose.pth").unlink()
    (clone / "model_zoo" / "team04_loose.pth").symlink_to("/dev/zero")
    plain, packaged, loose = discover([clone], ids=(-1, 3, 4))
    assert isinstance(plain, Submission)
    assert isinstance(packaged, Submission)
    assert isinstance(loose, BrokenSubmission)
    assert str(loose.error).startswith("'model_zoo/team04_loose.pth' is a device")


def test_digests_depend_on_the_files_given_and_on_what_is_lent(tmp_path):
    clone = official.write_edition(tmp_path / "clone")
    first = [digest(s) for s in discover([clone], ids=(-1, 4))]
    torch.save({}, clone / "model_zoo" / "team04_loose.pth")
    second = [digest(s) for s in discover([clone], ids=(-1, 4))]
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert digest(discover([clone], ids=(-1,), stand_ins=("timm",))[0]) != first[0]


def test_an_id_that_the_repository_lacks_is_refused(clone):
    with pytest.raises(InputError, match="has no id 99"):
        discover([clone], ids=(0, 99))


def test_an_empty_branch_is_a_placeholder_left_out_with_a_word(clone, capsys):
    told = []
    assert discover([clone], ids=(1,), tell=told.append) == []
    said = "id 1 of NTIRE_ESR is a placeholder, an empty branch; it is left out"
    assert told == [said]
    assert main(["check", str(clone), "--ids=1"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == said


def test_an_empty_branch_of_a_known_team_keeps_its_id(clone, tmp_path, monkeypatch):
    overlay = tmp_path / "overlays"
    overlay.mkdir()
    (overlay / "small.toml").write_text(
        'recognised_by = "models/team07_operator.py"\n[entries.1]\nnote = "never published"\n'
    )
    monkeypatch.setattr("harness.entries.repository.OVERLAYS", overlay)
    (found,) = discover([clone], ids=(1,))
    assert isinstance(found, BrokenSubmission)
    assert (found.id, found.name) == (1, "01")
    assert "id 1 is empty (never published); nothing can be run" in str(found.error)


def test_show_lists_every_id_with_its_files_and_what_is_missing(clone, capsys):
    assert main(["show", "submissions", str(clone)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(EXPECTED)
    assert lines[0] == (
        "id -1: -1_Plain_baseline, models/team00_plain.py, model_zoo/team00_plain.pth"
    )
    assert lines[1].endswith("; missing: model_zoo/team00_absent.pth")
    assert "models/team03_package/network.py" in lines[3]
    assert lines[-1].endswith("; missing: models/team15_gone.py")
