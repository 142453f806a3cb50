"""An entry with an operator of its own: compiled, run, counted, ranked beside its plain twin."""

import csv
import shutil

import pytest

from harness.cli import main
from tests.support.places import SUBMISSIONS

pytestmark = pytest.mark.heavy
OPERATOR = SUBMISSIONS / "demo_small_operator"


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Run the plain network, the compiled one, one without its twin, and one that is no C++."""
    folder = tmp_path_factory.mktemp("operators")
    bare, wrong = folder / "bare", folder / "wrong"
    shutil.copytree(OPERATOR, bare)
    manifest = bare / "submission.toml"
    text = manifest.read_text().replace("own operator", "no twin")
    head, _, rest = text.partition("[complexity]")
    manifest.write_text(head + "[factsheet]" + rest.partition("[factsheet]")[2])
    shutil.copytree(bare, wrong)
    (wrong / "submission.toml").write_text(manifest.read_text().replace("no twin", "no C++"))
    (wrong / "csrc" / "demo_convolution.cpp").write_text("int half = ;\n")
    paths = [str(SUBMISSIONS / "demo_small"), str(OPERATOR), str(bare), str(wrong)]
    out = folder / "out"
    assert main(["run", *paths, "--protocol", "demo", "--rounds", "0", "--out", str(out)]) == 1
    with (out / "leaderboard.csv").open(encoding="utf-8") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}, out


def test_a_compiled_operator_has_the_costs_and_pixels_of_the_network(rows):
    plain, own = (rows[0][name] for name in ("Demo small", "Demo small, own operator"))
    for column in ("params", "flops", "activations", "num_conv"):
        assert float(own[column]) == float(plain[column]), column
    # float32 sums in another order: a few pixels round otherwise
    assert float(own["psnr_valid_db"]) == pytest.approx(float(plain["psnr_valid_db"]), abs=1e-3)
    assert "counter-blind" not in own["flags"]


def test_work_in_an_operator_that_no_counter_knows_is_named(rows):
    table, out = rows
    assert "counter-blind" in table["Demo small, no twin"]["flags"]
    assert float(table["Demo small, no twin"]["flops_fvcore"]) == 4 * 3 * 1024**2  # resizing alone
    page = (out / "report" / "factsheets" / "bare.html").read_text()
    assert "demo::convolution" in page
    assert "name a twin in plain PyTorch under [complexity]" in page


def test_what_does_not_compile_is_the_entry_s_failure_with_the_first_error(rows):
    table, out = rows
    assert table["Demo small, no C++"]["status"] == "failed"
    page = (out / "report" / "factsheets" / "wrong.html").read_text()
    assert "the build failed: csrc/demo_convolution.cpp:1:12: error: expected" in page


def test_equal_sources_are_built_once(rows):
    assert len(list((rows[1] / "store" / "build").glob("*.zip"))) == 1
