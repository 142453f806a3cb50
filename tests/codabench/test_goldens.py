"""Published checkpoints' SR images of Set5, laid out as an edition, score what the goldens say."""

import json
import shutil

import pytest
import torch

from harness import cli
from harness.images.png import read_image, write_image
from harness.records import WeightsTable
from harness.uploads.program import main
from harness.worker.loading.weights import read
from harness.worker.pixels import to_input, to_uint8
from tests.codabench.test_bundle import psnr_db
from tests.support.architectures import ARCHITECTURES

GOLDEN_DB = 2e-5  # what another CPU moves the networks' outputs by, not their scores

pytestmark = pytest.mark.heavy
PUBLISHED = [a for a in ARCHITECTURES.values() if a.checkpoint and a.name != "rfdn_2023_x4"]


@pytest.fixture(scope="module")
def edition(shared, tmp_path_factory):
    """Return a folder with Set5 in the official layout, and the bundle of its phase."""
    folder = tmp_path_factory.mktemp("edition")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESR_HARNESS_CACHE", str(folder / "cache"))
        set5 = shared / "data/Set5"
        shutil.copytree(set5 / "HR", folder / "data/DIV2K_LSDIR_valid_HR")
        shutil.copytree(set5 / "LR_bicubic/X4", folder / "data/DIV2K_LSDIR_valid_LR")
        where = ["--data", str(folder / "data"), "--out", str(folder / "bundle")]
        command = ["codabench", "bundle", "ntire2026", *where, "--phases", "dev"]
        assert cli.main(command) == cli.OK
    return folder


@pytest.mark.parametrize("architecture", PUBLISHED, ids=lambda one: one.name)
def test_an_upload_has_the_goldens_psnr(edition, shared, tmp_path, architecture):
    network = architecture.build()
    table = WeightsTable(path=architecture.checkpoint.file)
    state, *_ = read(shared / "weights" / architecture.checkpoint.file, table)
    network.load_state_dict(state)
    upload = tmp_path / "res"
    upload.mkdir()
    for lr in (edition / "data/DIV2K_LSDIR_valid_LR").iterdir():
        with torch.no_grad():
            sr = network(to_input(read_image(lr), architecture.data_range))
        write_image(upload / lr.name, to_uint8(sr, architecture.data_range))
    (tmp_path / "ref").symlink_to(edition / "bundle/reference_data/valid")
    assert main([str(tmp_path), str(tmp_path / "out")]) == 0
    scored = json.loads((tmp_path / "out/scores.json").read_text())["psnr"]
    by_definition = psnr_db(upload, edition / "data/DIV2K_LSDIR_valid_HR")
    assert scored == pytest.approx(by_definition, abs=1e-9)
    golden = json.loads((shared / "goldens/psnr.json").read_text())["models"]
    expected = golden[architecture.name]["Set5"]["mean"]["rgb_psnr"]
    assert scored == pytest.approx(expected, abs=GOLDEN_DB)
