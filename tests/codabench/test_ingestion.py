"""`--code`: submitted code runs in the ingestion container, its images are scored in the other."""

import json
import shutil
import subprocess
import sys

import pytest

from harness import cli
from harness.uploads.program import main
from tests.codabench import schema
from tests.support import tiny
from tests.support.places import TESTS

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESR_HARNESS_CACHE", str(folder / "cache"))
        tiny.write_data(folder / "data")
        arguments = ["--data", str(folder / "data"), "--out", str(folder / "bundle"), "--code"]
        assert cli.main(["codabench", "bundle", str(tiny.PROTOCOL), *arguments]) == cli.OK
    return folder / "bundle"


def ingest(bundle, submission, given):
    """Run the ingestion program of a bundle; what it leaves becomes `input/res` of scoring."""
    out = given / "res"
    shutil.copytree(submission, out)  # as Codabench does with what has no metadata.yaml
    (out / "measured.json").write_text('{"params": 1}')  # what a cheat would leave there
    (given / "ref").symlink_to(bundle / "reference_data/valid")
    program = bundle / "ingestion_program/ingest.py"
    command = [sys.executable, program, bundle / "input_data/valid", submission, out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=given)
    return done.returncode, done.stderr


def test_codabench_accepts_it_and_ingestion_sees_no_hr(made):
    assert schema.faults(made) == []
    assert {file.name for file in (made / "input_data").rglob("*.png")} == {"ax4.png", "bx4.png"}
    assert list((made / "ingestion_program").rglob("*.png")) == []


def test_code_is_run_and_scored(made, tmp_path):
    assert ingest(made, TESTS / "submissions/good", tmp_path) == (0, "")
    assert {file.name for file in (tmp_path / "res").iterdir()} == {
        *("ax4.png", "bx4.png", "measured.json")
    }
    measured = json.loads((tmp_path / "res/measured.json").read_text())
    assert measured["failure"] == ""
    assert main([str(tmp_path), str(tmp_path / "out")]) == 0
    scores = json.loads((tmp_path / "out/scores.json").read_text())
    assert scores["params"] == measured["params"]
    assert scores["runtime"] == measured["runtime_ms"] / 1000 > 0
    page = (tmp_path / "out/detailed_results.html").read_text()
    assert "Measured by running the code there, on cpu" in page


@pytest.mark.parametrize(
    ("submission", "reason"),
    [
        ("syntax_error", "load: "),
        ("wrong_size", "forward: "),
        ("wrong_manifest", "submission.toml"),
    ],
)
def test_code_that_fails_is_refused_with_its_reason(made, tmp_path, submission, reason):
    status, printed = ingest(made, TESTS / "submissions" / submission, tmp_path)
    assert status == 1
    assert reason in printed
    assert "Traceback" not in printed
    assert {file.name for file in (tmp_path / "res").iterdir()} == {"measured.json"}
    assert main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert reason in (tmp_path / "out/detailed_results.html").read_text()


def test_images_where_code_is_asked_for_are_refused(made, tmp_path):
    images = made / "public_data/valid"
    status, printed = ingest(made, images, tmp_path)
    assert status == 1
    assert printed == f"{images} holds no submission; add a submission.toml (see the README)\n"


def test_without_figures_of_ingestion_nothing_is_scored(made, tmp_path, capsys):
    (tmp_path / "res").mkdir()
    (tmp_path / "ref").symlink_to(made / "reference_data/valid")
    assert main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert "the ingestion program left no figures: see its log" in capsys.readouterr().err
