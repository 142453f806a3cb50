"""Checkpoints in the forms that submissions bring."""

import hashlib
import pickle

import pytest
import safetensors.torch
import torch

from harness.errors import LoadingError
from harness.records import WeightsTable
from harness.worker.loading.weights import load_into, read

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}


class Unknown:
    """What a checkpoint must not bring along."""


def saved(tmp_path, content, name="weights.pth", **options):
    file = tmp_path / name
    torch.save(content, file, **options)
    return file, WeightsTable(name)


@pytest.mark.parametrize(
    "wrapped",
    [
        STATE,
        {"params": STATE},
        {"params_ema": STATE, "params": {"weight": torch.zeros(1)}},
        {"state_dict": STATE, "epoch": 3, "optimizer": {"lr": 0.1}},
        {"model": STATE},
        {"model": {"params": STATE}},
        {f"module.{key}": value for key, value in STATE.items()},
        {"state_dict": {f"module.{key}": value for key, value in STATE.items()}},
    ],
)
def test_wrapped_state_dicts_are_found(tmp_path, wrapped):
    state = read(*saved(tmp_path, wrapped))
    assert list(state) == ["weight", "bias"]
    assert torch.equal(state["weight"], STATE["weight"])


def test_legacy_files_and_safetensors(tmp_path):
    legacy = read(*saved(tmp_path, STATE, _use_new_zipfile_serialization=False))
    assert torch.equal(legacy["bias"], STATE["bias"])
    file = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(STATE, file)
    assert torch.equal(read(file, WeightsTable(file.name))["weight"], STATE["weight"])


def test_the_manifest_may_name_the_entry(tmp_path):
    file, _ = saved(tmp_path, {"params": STATE, "generator": {"w": torch.zeros(1)}})
    assert list(read(file, WeightsTable("weights.pth", key="generator"))) == ["w"]
    with pytest.raises(LoadingError, match=r"no entry 'gen' \(weights.key\); it has params, gen"):
        read(file, WeightsTable("weights.pth", key="gen"))


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    file, table = saved(tmp_path, {"state_dict": STATE, "options": Unknown()})
    with pytest.raises(LoadingError, match="arbitrary unpickling"):
        read(file, table)
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (marker.touch, ())

    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(Hostile(), protocol=2))
    with pytest.raises(LoadingError):
        read(tmp_path / "plain.pkl", WeightsTable("plain.pkl"))
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [([1, 2], "holds list"), ({"net": 3}, "with the keys net"), ({"params": {}}, "holds dict")],
)
def test_what_is_no_state_dict_says_what_it_is(tmp_path, content, words):
    with pytest.raises(LoadingError, match=words):
        read(*saved(tmp_path, content))


def test_broken_files(tmp_path):
    for name, content in (("weights.pth", b"PK\x03\x04 cut"), ("empty.pth", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LoadingError, match="not a checkpoint that torch can read"):
            read(tmp_path / name, WeightsTable(name))


def test_the_digest_is_checked(tmp_path):
    file, _ = saved(tmp_path, STATE)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert list(read(file, WeightsTable("weights.pth", sha256=sha256.upper()))) == list(STATE)
    with pytest.raises(LoadingError, match=f"has sha256 {sha256}, the manifest says 00"):
        read(file, WeightsTable("weights.pth", sha256="00"))


def test_strict_loading_lists_keys_and_lenient_loading_counts_them(tmp_path):
    network = torch.nn.Linear(3, 2)
    file, table = saved(tmp_path, {"weight": STATE["weight"], "extra": torch.zeros(1)})
    with pytest.raises(LoadingError) as caught:
        load_into(network, file, table)
    assert "1 missing keys (bias) and 1 unexpected keys (extra)" in str(caught.value)
    mismatch = load_into(network, file, WeightsTable("weights.pth", strict=False))
    assert (mismatch.missing, mismatch.unexpected) == (("bias",), ("extra",))
    assert torch.equal(network.weight, STATE["weight"])


def test_shapes_that_differ_are_an_error_even_when_lenient(tmp_path):
    file, _ = saved(tmp_path, {"weight": torch.zeros(5, 3), "bias": torch.ones(2)})
    with pytest.raises(LoadingError, match=r"weight is \[5, 3\] in the checkpoint and \[2, 3\]"):
        load_into(torch.nn.Linear(3, 2), file, WeightsTable("weights.pth", strict=False))
