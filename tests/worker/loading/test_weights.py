"""Checkpoints in the forms that submissions bring."""

import gzip
import hashlib
import io
import pickle
import re
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from harness.errors import LoadingError
from harness.records import WeightsTable
from harness.worker.loading.checkpoints import read, unpickled
from harness.worker.loading.weights import Mismatch, load_into

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
        {"state_dict": STATE, "best": torch.ones(1)},
        {"weights_of_the_student": STATE, "step": 3},
    ],
)
def test_wrapped_state_dicts_are_found(tmp_path, wrapped):
    state, *_ = read(*saved(tmp_path, wrapped))
    assert list(state) == ["weight", "bias"]
    assert torch.equal(state["weight"], STATE["weight"])


def test_which_of_several_networks_was_taken_is_said(tmp_path):
    both = {"params": {"weight": torch.zeros(1)}, "params_ema": STATE, "step": 3}
    *_, chosen = read(*saved(tmp_path, both))
    assert chosen == "'params_ema' is taken of params_ema, params; weights.key names another"
    *_, chosen = read(*saved(tmp_path, {"params": STATE, "optimizer": {"lr": 0.1}}))
    assert chosen == ""


def test_legacy_files_and_safetensors(tmp_path):
    legacy, *_ = read(*saved(tmp_path, STATE, _use_new_zipfile_serialization=False))
    assert torch.equal(legacy["bias"], STATE["bias"])
    file = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(STATE, file)
    assert torch.equal(read(file, WeightsTable(file.name))[0]["weight"], STATE["weight"])


def test_the_manifest_may_name_the_entry(tmp_path):
    file, _ = saved(tmp_path, {"params": STATE, "generator": {"w": torch.zeros(1)}})
    assert list(read(file, WeightsTable("weights.pth", key="generator"))[0]) == ["w"]
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
    [
        ([1, 2], "holds list where"),
        ({"net": 3}, "with the keys net"),
        ({"params": {}}, "holds dict without a key"),
        ({"state": {"net_g": STATE}, "iter": 5}, r"in weights\.key, such as 'state\.net_g'$"),
    ],
)
def test_what_is_no_state_dict_says_what_it_is(tmp_path, content, words):
    with pytest.raises(LoadingError, match=words):
        read(*saved(tmp_path, content))


def test_broken_files(tmp_path):
    archive, whole = io.BytesIO(), saved(tmp_path, STATE)[0].read_bytes()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("net.pth", whole)
    for content, words in {
        b"": "is empty, not a checkpoint; fetch",
        whole[:200]: "is cut short; fetch it again",
        archive.getvalue(): r"is an archive \(ZIP\) of net.pth, not a checkpoint; unpack it",
        gzip.compress(whole): r"is an archive \(gzip\), not a checkpoint; unpack it",
        b"\x89HDF\r\n\x1a\n" + bytes(50): "is an HDF5 file, as TensorFlow",
        b"\x80\x02" + bytes(50): "not a checkpoint that torch can read|arbitrary unpickling",
        b"\x08\x07\x12\x07pytorch" + bytes(50): "is not a checkpoint that torch can read",
    }.items():
        (tmp_path / "broken.pth").write_bytes(content)
        with pytest.raises(LoadingError, match=words):
            read(tmp_path / "broken.pth", WeightsTable("broken.pth"))


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1234567\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS, "is the pointer of Git LFS to a checkpoint; fetch .* `git lfs pull`"),
        (b"\n<!DOCTYPE html><html><head>", "is a web page, which a download brought"),
        (b"<html>", "is a web page"),
        ("\ufeff<!doctype html>".encode(), "is a web page"),
        (b"Quota exceeded", "is text, not a checkpoint"),
        ("über".encode() * 300, "is text, not a checkpoint"),  # the first bytes end in a letter
        ("Prüfung".encode("utf-16"), "is text, not a checkpoint"),
    ],
)
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_text_in_place_of_a_checkpoint_is_called_so(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LoadingError, match=words):  # before the digest, which says less
        read(tmp_path / name, WeightsTable(name, sha256="00"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_archive_of_torchscript_is_called_so(tmp_path):
    torch.jit.script(torch.nn.Linear(3, 2)).save(tmp_path / "net.pt")
    with pytest.raises(LoadingError, match="is a TorchScript archive"):
        read(tmp_path / "net.pt", WeightsTable("net.pt"))


def test_a_refused_global_is_named(tmp_path):
    content = {"state_dict": STATE, "best_psnr": np.float64(28.9)}
    with pytest.raises(LoadingError, match=r"unpickling of numpy\S+multiarray.scalar, which can"):
        read(*saved(tmp_path, content))


@pytest.mark.parametrize("key", ["models.generator", "models.a.b", "deep.in.side", "flat.net"])
def test_a_key_may_be_dotted(tmp_path, key):
    content = {
        "models": {"generator": STATE, "a.b": STATE},
        "deep": {"in": {"side": STATE, "x": 1}},
        **{f"flat.net.{name}": value for name, value in STATE.items()},
    }
    file, _ = saved(tmp_path, content)
    assert list(read(file, WeightsTable("weights.pth", key=key))[0]) == ["weight", "bias"]
    with pytest.raises(LoadingError, match=r"no entry 'models.x' \(weights.key\)"):
        read(file, WeightsTable("weights.pth", key="models.x"))


def test_the_digest_is_checked(tmp_path):
    file, _ = saved(tmp_path, STATE)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert list(read(file, WeightsTable("weights.pth", sha256=sha256.upper()))[0]) == list(STATE)
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


class Own(torch.nn.Linear):
    """As older code bases load: what is there by another name, and no word returned."""

    def load_state_dict(self, state, verbose=True):
        own = self.state_dict()
        for name, value in state.items():
            own[name.replace("kernel", "weight")].copy_(value)


def test_a_networks_own_loading_is_asked_where_keys_do_not_fit(tmp_path):
    file, table = saved(tmp_path, {"kernel": STATE["weight"], "bias": STATE["bias"]})
    network = Own(3, 2)
    assert load_into(network, file, table) == Mismatch(elements=8)
    assert torch.equal(network.weight, STATE["weight"])
    file, table = saved(tmp_path, {"kernel": STATE["weight"]}, "half.pth")
    with pytest.raises(LoadingError, match=r"half.pth does not fit .*: 1 missing keys \(bias"):
        load_into(Own(3, 2), file, table)
    file, table = saved(tmp_path, {"weigth": STATE["weight"]}, "raises.pth")
    with pytest.raises(LoadingError, match=r"own load_state_dict raised KeyError: 'weigth' \(test"):
        load_into(Own(3, 2), file, table)


def test_nothing_loaded_is_an_error_and_little_has_its_share(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    file, table = saved(tmp_path, {"body.weight": STATE["weight"]})
    with pytest.raises(LoadingError, match="not in a single key: 6 missing keys"):
        load_into(network, file, replace(table, strict=False))
    file, table = saved(tmp_path, {"0.weight": STATE["weight"], "1.running_mean": torch.ones(2)})
    # of 6 + 2 elements of the one and 4 x 2 of the other
    assert load_into(network, file, replace(table, strict=False)).share == 8 / 16


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({f"backbone.{name}": value for name, value in STATE.items()}, "'backbone', for weights"),
        ({"ema": {f"module.{k}": v for k, v in STATE.items()}, "n": torch.ones(1)}, "'ema.module'"),
        ({"teacher.weight": torch.ones(1)}, r"fix weights\.key or the network$"),
    ],
)
def test_where_the_keys_of_a_network_stand_is_said(tmp_path, content, said):
    file, table = saved(tmp_path, content)
    with pytest.raises(LoadingError, match=said) as caught:
        load_into(torch.nn.Linear(3, 2), file, table)
    for key in re.findall(r"under '(\S+)'", str(caught.value)):
        assert load_into(torch.nn.Linear(3, 2), file, replace(table, key=key)).share == 1


@pytest.mark.parametrize("state", [None, [1]])
def test_a_network_s_own_state_dict_must_return_a_state(tmp_path, state):
    network = torch.nn.Linear(3, 2)
    network.state_dict = lambda: state
    said = f"its own state_dict returned {type(state).__name__}; it must return tensors by name"
    with pytest.raises(LoadingError, match=said):
        load_into(network, *saved(tmp_path, STATE))


@pytest.mark.filterwarnings("ignore::UserWarning")  # that lazy modules are new
def test_a_lazy_network_takes_its_shapes_from_the_checkpoint(tmp_path):
    network = torch.nn.LazyLinear(2)
    assert load_into(network, *saved(tmp_path, STATE)) == Mismatch(elements=8)
    assert torch.equal(network.weight, STATE["weight"])


def test_tensors_of_torchao_name_it_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)

    def refuse():
        raise pickle.UnpicklingError("Unsupported global: GLOBAL torchao.quantization.Int8Tensor")

    with pytest.raises(LoadingError, match=r'^w\.pth holds .*pip install "esr-harness\[torchao\]"'):
        unpickled(refuse, "w.pth")
