"""`check`: what it finds, the block that it ends in, and its exit status."""

import json
import shutil

import pytest
import torch

from harness import cli
from tests.support import tiny
from tests.support.places import ROOT

DEMO = (ROOT / "models" / "demo.py").read_text()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def check(capsys, *arguments):
    """Return the exit status and what was printed."""
    status = cli.main(["check", *map(str, arguments), "--device", "fake"])
    return status, capsys.readouterr().out


def changed(folder, forward, *, trained=True):
    """Write the small demo network with another forward, around `net`; return its folder."""
    folder.mkdir()
    net = "        net = super().forward\n"
    text = DEMO + f"\n\nclass Changed(DemoNet):\n    def forward(self, lr):\n{net}{forward}\n"
    (folder / "model.py").write_text(text)
    (folder / "submission.toml").write_text(
        f'name = "{folder.name}"\n[model]\nfile = "model.py"\nfactory = "Changed"\n'
        'arguments = { channels = 16, blocks = 2 }\n[weights]\npath = "weights.pth"\n'
    )
    if trained:
        shutil.copy(ROOT / "submissions" / "demo_small" / "weights.pth", folder)
    else:
        state = torch.load(ROOT / "submissions" / "demo_small" / "weights.pth")
        torch.manual_seed(0)
        torch.save({k: torch.randn_like(v) / 4 for k, v in state.items()}, folder / "weights.pth")
    return folder


def test_with_data_it_ends_in_margins_runtime_and_the_next_command(tmp_path, capsys):
    data = tiny.write_data(tmp_path / "data")
    given = (tiny.SUBMISSIONS / "good", "--protocol", tiny.PROTOCOL, "--data", data)
    status, printed = check(capsys, *given)
    assert status == cli.OK
    for words in ("it loads", "odd sizes", "same output twice", "timing, round 1 of 1, about"):
        assert words in printed
    block = printed[printed.index("good: Ready.") :].splitlines()
    # nearest-neighbour interpolation of noise; the fake clock: 0.1 ms per 1000 SR pixels
    assert block[1].startswith("  PSNR valid: ") and block[1].endswith("the threshold 10.00 dB")
    assert "  runtime: 0.4192 ms" in block
    assert block[-2].startswith("  Next: esr-harness profile ")


def test_without_data_it_stops_before_the_clock(capsys):
    status, printed = check(capsys, ROOT / "submissions" / "demo_small", "--protocol", "ntire2026")
    assert status == cli.OK
    assert "timing" not in printed
    assert "PSNR of two embedded photographs: 26." in printed
    assert "predicted: rank by flops" in printed
    assert "a score needs the runtime beside SPAN's" in printed
    assert printed.rstrip().endswith("--data DATA")


@pytest.mark.heavy
def test_the_embedded_challenge_has_its_images_and_timing_is_asked_for(capsys):
    given = (ROOT / "submissions" / "demo_small", "--protocol", "demo", "--rounds", 2)
    status, printed = check(capsys, *given, "--sweeps", 1)
    assert status == cli.OK
    assert "PSNR valid: 26.696" in printed  # the README has 26.70
    assert "timing, round 2 of 2, about" in printed
    assert "x Demo large's" in printed


def test_what_is_to_be_fixed_is_said_once(tmp_path, capsys):
    forward = "        return net(lr).flip(1)"
    status, printed = check(capsys, changed(tmp_path / "mine", forward))
    assert status == cli.SOMETHING_FAILED
    fixes = printed[printed.index("To fix:") :]
    assert fixes.count("its output has blue first: return red first") == 1


@pytest.mark.heavy
def test_a_forward_that_raises_is_quoted(tmp_path, capsys):
    _, printed = check(capsys, changed(tmp_path / "mine", "        raise ValueError('of mine')"))
    assert "raised ValueError: of mine" in printed


def test_an_untrained_network_is_not_ready(tmp_path, capsys):
    status, printed = check(
        capsys, changed(tmp_path / "mine", "        return net(lr)", trained=False)
    )
    assert status == cli.SOMETHING_FAILED
    assert "from bicubic interpolation, no better; is it trained" in printed


@pytest.mark.heavy
def test_a_checkpoint_that_is_not_here_is_said_and_costs_are_counted(capsys):
    status, printed = check(capsys, tiny.SUBMISSIONS / "missing_weights")
    assert status == cli.SOMETHING_FAILED
    assert "every key" not in printed
    assert "its code builds a network" in printed
    assert "params: " in printed


@pytest.mark.heavy
def test_several_submissions_in_json_under_a_protocol_without_rounds(capsys):
    paths = (ROOT / "submissions" / "demo_small", tiny.SUBMISSIONS / "wrong_keys")
    status, printed = check(capsys, *paths, "--protocol", "classic", "--json")
    assert status == cli.SOMETHING_FAILED
    small, wrong = json.loads(printed)
    assert (small["name"], small["ready"], small["to_fix"]) == ("Demo small", True, [])
    assert small["metrics"]["params"] == 16_688
    assert not wrong["ready"]
    assert "missing keys" in wrong["to_fix"][0]


def test_several_keys_on_one_line_of_a_manifest(tmp_path, capsys):
    mine = changed(tmp_path / "mine", "        return net(lr)")
    (mine / "submission.toml").write_text('name = "m"\n[model] file = "model.py" factory = "N"\n')
    _, printed = check(capsys, mine)
    assert "line 2: give each [table] and each key = value a line of its own" in printed


def test_all_missing_packages_are_named_at_once(tmp_path, capsys):
    mine = changed(tmp_path / "mine", "        return net(lr)")
    (mine / "model.py").write_text("import einopsy\nimport torch\nfrom timmy.layers import x\n")
    _, printed = check(capsys, mine)
    assert "missing altogether: einopsy, timmy" in printed
