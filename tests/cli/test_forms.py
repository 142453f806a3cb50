"""Networks of another shape or precision, in one leaderboard with the plain one."""

import csv
import shutil

import pytest

from harness.cli import main
from tests.support.places import SUBMISSIONS

pytestmark = pytest.mark.heavy
PLAIN = 3 * 16 * 9 + 16 + 4 * (16 * 16 * 9 + 16) + 16 * 48 * 9 + 48  # params of Demo small
SIDES = 3 * 16 + 16 + 4 * (16 * 16 + 16) + 16 * 48 + 48  # of its unfolded branches


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("forms")
    names = ("demo_small", "demo_small_deploy", "demo_small_float16", "demo_bicubic", "demo_luma")
    trained = out / "trained"
    shutil.copytree(SUBMISSIONS / "demo_small_deploy", trained)
    manifest = (trained / "submission.toml").read_text()
    manifest = manifest.replace('deploy = "switch_to_deploy"\n', "")
    (trained / "submission.toml").write_text(manifest.replace("Demo small, folded", "As trained"))
    paths = [*(str(SUBMISSIONS / name) for name in names), str(trained)]
    assert main(["run", *paths, "--protocol", "demo", "--rounds", "0", "--out", str(out)]) == 0
    with (out / "leaderboard.csv").open(encoding="utf-8") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


def psnr_db(row):
    return float(row["psnr_valid_db"])


def test_a_folded_network_is_measured_folded_and_its_params_are_told(rows):
    plain, folded = rows["Demo small"], rows["Demo small, folded"]
    assert float(plain["params"]) == PLAIN
    for column in ("params", "flops", "activations", "num_conv"):
        assert float(folded[column]) == float(plain[column]), column
    assert float(folded["params_loaded"]) == PLAIN + SIDES
    assert "deployed" in folded["flags"]
    trained = rows["As trained"]
    assert float(trained["params"]) == PLAIN + SIDES
    assert "not-folded" in trained["flags"]
    assert all("not-folded" not in row["flags"] for row in rows.values() if row is not trained)
    assert psnr_db(folded) == pytest.approx(psnr_db(plain), abs=1e-3)


def test_half_precision_is_ranked_by_its_own_pixels_and_flagged(rows):
    plain, half = rows["Demo small"], rows["Demo small, half precision"]
    assert (half["status"], half["eligible"]) == (plain["status"], plain["eligible"])
    assert float(half["flops"]) == float(plain["flops"])
    assert "precision" in half["flags"]
    assert psnr_db(half) != psnr_db(plain)
    assert psnr_db(half) == pytest.approx(psnr_db(plain), abs=0.02)


def test_bicubic_of_luma_with_bicubic_colour_is_bicubic(rows):
    """All is linear, so that RGB and luma differ by the clipping and rounding of few pixels."""
    whole, luma = rows["Bicubic"], rows["Demo luma"]
    assert psnr_db(luma) == pytest.approx(psnr_db(whole), abs=1e-3)
    assert "luma" in luma["flags"]
