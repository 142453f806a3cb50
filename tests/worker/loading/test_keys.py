"""Keys of checkpoints as training scripts leave them, matched to those of networks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.records import WeightsTable
from harness.worker.loading.keys import fit, foreign, sized
from harness.worker.loading.weights import load_into

WANTED = ("head.weight", "head.bias", "body.0.weight", "model.1.net.weight")
PREFIXES = ("_orig_mod.", "module.", "model.", "net.", "net_g.", "generator.")


@given(st.lists(st.sampled_from(PREFIXES), max_size=4))
def test_prefixes_are_taken_off_nested_and_in_any_order(chain):
    prefix = "".join(chain)
    found = fit([prefix + key for key in WANTED], WANTED)
    assert found.names == {prefix + key: key for key in WANTED}
    assert set(found.stripped) == set(chain)


def test_keys_that_fit_are_left_alone_whatever_they_are_called():
    for wanted in (WANTED, tuple(f"module.{key}" for key in WANTED)):
        assert fit(wanted, wanted).names == dict(zip(wanted, wanted, strict=True))
        assert fit(wanted, wanted).stripped == ()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("body._orig_mod.0.weight", "body.0.weight"),
        ("model.body.module.0.weight", "body.0.weight"),
        ("body.0.weight", "_orig_mod.body.0.weight"),
        ("module.body.0.weight", "body._orig_mod.0.weight"),
    ],
)
def test_wrappers_of_parts_are_seen_through_on_either_side(given, wanted):
    assert fit([given, "head.bias"], [wanted, "head.bias"]).names[given] == wanted


def test_of_two_networks_in_a_checkpoint_the_one_that_fits_is_taken():
    keys = [f"{who}.{key}" for who in ("net_d", "generator", "ema") for key in WANTED]
    found = fit(keys, WANTED)
    assert found.names == {f"generator.{key}": key for key in WANTED}
    assert all(foreign(key) for key in keys if key not in found.names)


@pytest.mark.parametrize(
    ("key", "is_foreign"),
    [
        ("n_averaged", True),
        ("head.total_ops", True),
        ("model.total_params", True),
        ("loss.weight", True),
        ("l1_loss.vgg.0.weight", True),
        ("model.criterion.weight", True),
        ("optimizer", True),
        ("layers.0.attn_mask", True),
        ("head.weight", False),
        ("glossary.weight", False),
        ("body.loss.weight", False),
        ("netdeep.weight", False),
    ],
)
def test_what_is_not_the_networks_by_convention(key, is_foreign):
    assert foreign(key) is is_foreign


def test_buffers_of_the_images_size():
    names = ("a.attn_mask", "relative_position_index_SA", "attn_mask_0", "relative_coords_table")
    assert all(map(sized, names))
    assert not any(map(sized, ("a.relative_position_bias_table", "attn_mask.weight", "mask")))


def test_a_networks_own_masks_stay_where_the_checkpoint_is_of_another_size(tmp_path):
    def network(size):
        whole = torch.nn.Linear(3, 2)
        whole.register_buffer("attn_mask", torch.full((size, 4), float(size)))
        return whole

    trained, built = network(2), network(8)
    state = {f"module.{key}": value for key, value in trained.state_dict().items()}
    torch.save({"model": state | {"n_averaged": torch.tensor(7), "epoch": 3}}, tmp_path / "w.pth")
    mismatch = load_into(built, tmp_path / "w.pth", WeightsTable("w.pth"))
    assert torch.equal(built.weight, trained.weight)
    assert torch.equal(built.attn_mask, torch.full((8, 4), 8.0))
    assert (mismatch.missing, mismatch.unexpected, mismatch.share) == ((), (), 1.0)
    assert mismatch.stripped == ("module.",)
    assert mismatch.left_out == ("epoch", "n_averaged", "attn_mask")
