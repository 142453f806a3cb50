"""One network as module and as programs, in one leaderboard."""

import csv

import pytest

from harness.cli import main
from tests.support.places import SUBMISSIONS

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
NAMES = ("", "_torchscript", "_pt2", "_onnx", "_int8")


@pytest.mark.heavy
def test_every_form_of_a_network_has_its_costs_and_its_own_pixels(tmp_path, capsys):
    paths = [str(SUBMISSIONS / f"demo_small{name}") for name in NAMES]
    assert main(["run", *paths, "--protocol", "demo", "--rounds", "0", "--out", str(tmp_path)]) == 0
    with (tmp_path / "leaderboard.csv").open(encoding="utf-8") as stream:
        rows = {row["name"]: row for row in csv.DictReader(stream)}
    own = rows["Demo small"]
    programs = [row for name, row in rows.items() if name != "Demo small"]
    assert len(programs) == 4
    for row in programs:
        for column in ("params", "flops", "activations", "num_conv"):
            assert float(row[column]) == float(own[column]), (row["name"], column)
        assert "exported" in row["flags"]
    quantised = rows.pop("Demo small, ONNX in 8 bits")
    for row in rows.values():
        assert float(row["psnr_valid_db"]) == pytest.approx(float(own["psnr_valid_db"]), abs=1e-4)
    assert 20 < float(quantised["psnr_valid_db"]) < float(own["psnr_valid_db"]) - 0.01
    assert "int8" in capsys.readouterr().out
