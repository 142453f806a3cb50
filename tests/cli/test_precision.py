"""Quantised and pruned networks: run, counted as what they were made from, told by precision."""

import csv
import runpy
import shutil

import pytest
import torch

from harness.cli import main
from tests.support.places import SUBMISSIONS

pytestmark = pytest.mark.heavy
MACS = 1085276160  # of the convolutions of Demo small, for 3x256x256
PARAMS, PRUNED = 16688, (4 * 2304 + 6912) // 2  # 2 of 4, in five layers

PRODUCTS = """

class Products(Net):
    def __init__(self):
        super().__init__()
        for parent in list(self.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, nn.Conv2d):
                    setattr(parent, name, Product(child))
"""
MANIFEST = """
name = "Saved quantised"
[model]
file = "model.py"
factory = "Products"
[weights]
path = "weights.pth"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("precision")
    names = ["demo_small", "demo_small_quantised", "demo_small_sparse", "demo_small_torchao"]
    paths = [str(SUBMISSIONS / name) for name in names]
    paths.append(str(saved_quantised(tmp_path_factory.mktemp("saved") / "saved")))
    assert main(["run", *paths, "--protocol", "demo", "--rounds", "0", "--out", str(out)]) == 0
    with (out / "leaderboard.csv").open(encoding="utf-8") as stream:
        rows = {row["name"]: row for row in csv.DictReader(stream)}
    pages = {name: (out / "report" / "factsheets" / f"{name}.html").read_text() for name in names}
    return rows, pages


def saved_quantised(folder):
    """Write the entry of torchao again, its tensors quantised in the checkpoint already."""
    shutil.copytree(SUBMISSIONS / "demo_small_torchao", folder)
    network = runpy.run_path(str(folder / "model.py"))["Net"]()
    network.load_state_dict(torch.load(SUBMISSIONS / "demo_small" / "weights.pth"))
    network.quantise()
    torch.save(network.state_dict(), folder / "weights.pth")
    with (folder / "model.py").open("a") as stream:
        stream.write(PRODUCTS)
    (folder / "submission.toml").write_text(MANIFEST)
    return folder


def psnr_db(row):
    return float(row["psnr_valid_db"])


def test_torch_ao_has_the_costs_of_its_network_and_pixels_of_its_own(run):
    rows, pages = run
    plain, own = rows["Demo small"], rows["Demo small, torch.ao in 8 bits"]
    for column in ("params", "flops", "activations", "num_conv"):
        assert float(own[column]) == float(plain[column]), column
    assert 20 < psnr_db(own) < psnr_db(plain) - 0.01
    page = pages["demo_small_quantised"]
    assert f"{PARAMS - 128:,} int8, 128 float32; 8.18 bits each; a file of 34.3 kB" in page
    assert f"multiply-accumulates {MACS / 1e9:.3f} G in int8" in page
    assert "precision" in own["flags"]
    assert "counter-blind" not in own["flags"]


def test_zeros_are_listed_by_layer_with_their_pattern(run):
    rows, pages = run
    plain, own = rows["Demo small"], rows["Demo small, pruned"]
    assert [own[c] for c in ("params", "flops")] == [plain[c] for c in ("params", "flops")]
    page = pages["demo_small_sparse"]
    assert f"{PRUNED / PARAMS:.1%} of its weights are zero, in 5 layers 2 of 4" in page
    assert page.count("<td>2 of 4</td>") == 5
    assert "50.0 %" in page
    assert "sparse" not in plain["flags"]


def test_torchao_has_the_costs_of_its_network_and_pixels_of_its_own(run):
    rows, pages = run
    plain, own = rows["Demo small"], rows["Demo small, torchao in 8 bits"]
    assert [own[c] for c in ("params", "flops")] == [plain[c] for c in ("params", "flops")]
    assert psnr_db(own) != psnr_db(plain)
    assert psnr_db(own) == pytest.approx(psnr_db(plain), abs=0.1)
    assert f"{PARAMS - 128:,} int8, 128 float32" in pages["demo_small_torchao"]


def test_a_checkpoint_of_torchao_is_the_network_that_it_was_saved_from(run):
    rows, _ = run
    deployed, saved = rows["Demo small, torchao in 8 bits"], rows["Saved quantised"]
    for column in ("params", "flops", "psnr_valid_db", "psnr_test_db"):
        assert saved[column] == deployed[column], column
