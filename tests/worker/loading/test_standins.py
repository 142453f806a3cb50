"""Stand-ins for packages, against what the packages' papers and names say."""

import importlib
import sys

import pytest
import torch
import torch.nn.functional as F

from harness.worker.complexity import blind_spots, measure
from harness.worker.loading.standins import WORKING, StandIns, basicsr, layers
from harness.worker.loading.standins.axes import Rearrange, Reduce, rearrange, reduce, repeat
from harness.worker.loading.standins.scan import Mamba, selective_scan


@pytest.fixture
def stand_ins(tmp_path):
    """Serve packages that no machine has, to files below tmp_path."""
    names = ("span_attention", "thop")
    finder = StandIns(names, tmp_path)
    sys.meta_path.append(finder)
    sys.path.insert(0, str(tmp_path))
    yield finder
    sys.path.remove(str(tmp_path))
    sys.meta_path.remove(finder)
    for name in [n for n in sys.modules if n.partition(".")[0] in names]:
        del sys.modules[name]


def entry(folder, name, text):
    (folder / f"{name}.py").write_text(text)
    return importlib.import_module(name)


def test_names_can_be_imported_and_fail_once_used(stand_ins, tmp_path):
    module = entry(tmp_path, "an_entry_that_imports", "from thop.profile import profile\n")
    with pytest.raises(ModuleNotFoundError, match="'thop'"):
        module.profile()
    with pytest.raises(ModuleNotFoundError, match="'thop'"):
        module.profile.of_something()
    assert stand_ins.served == {"thop"}


def test_others_than_the_entry_do_not_meet_stand_ins(stand_ins):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("span_attention")
    assert stand_ins.served == set()


def test_installed_packages_are_not_stood_in_for(stand_ins, tmp_path):
    stand_ins.packages = ("torch", "span_attention")
    module = entry(tmp_path, "an_entry_with_torch", "import torch\nimport span_attention\n")
    assert module.torch is torch
    assert stand_ins.served == {"span_attention"}


def test_rearranged_axes_are_where_the_pattern_says():
    x = torch.arange(2 * 12 * 3 * 4).view(2, 12, 3, 4)
    y = rearrange(x, "b (h d) n c -> b h n (c d)", h=3)
    assert y.shape == (2, 3, 3, 16)
    for b, h, d, n, c in ((0, 0, 0, 0, 0), (1, 2, 3, 2, 3), (1, 0, 2, 1, 3)):
        assert y[b, h, n, c * 4 + d] == x[b, h * 4 + d, n, c]
    assert torch.equal(rearrange(x, "b c ... -> b 1 (...) c")[0, 0, 7], x[0, :, 1, 3])
    assert torch.equal(rearrange(x, "... (d r) -> ... r d", r=2)[1, 5, 2, 1], x[1, 5, 2, 1::2])
    assert torch.equal(Rearrange("b c h w -> b h w c")(x), x.permute(0, 2, 3, 1))


def test_repeated_axes_hold_the_same_values():
    x = torch.arange(3)
    assert repeat(x, "n -> d n", d=2).tolist() == [[0, 1, 2], [0, 1, 2]]
    assert repeat(x, "... n -> ... (n r)", r=2).tolist() == [0, 0, 1, 1, 2, 2]


def test_reduced_axes_are_gone():
    x = torch.arange(2 * 6 * 4 * 5, dtype=torch.float32).view(2, 6, 4, 5)
    assert torch.equal(reduce(x, "b c h w -> b c", "mean"), x.mean((2, 3)))
    assert torch.equal(Reduce("b c h w -> b c 1 1", "max")(x), x.amax((2, 3), keepdim=True))
    pooled = reduce(x, "b c (h r) (w s) -> h w b c", "sum", r=2, s=5)
    assert torch.equal(pooled, 10 * F.avg_pool2d(x, (2, 5)).permute(2, 3, 0, 1))
    assert torch.equal(reduce(x, "b ... -> ...", "min"), x[0])


def test_the_layers_of_basicsr_are_those_of_its_checkpoints():
    row = basicsr.make_layer(basicsr.ResidualBlockNoBN, 2, num_feat=4)
    names = ["0.conv1.weight", "0.conv1.bias", "0.conv2.weight", "0.conv2.bias"]
    assert list(row.state_dict())[:4] == names
    shapes = {k: list(v.shape) for k, v in basicsr.Upsample(4, 8).state_dict().items()}
    wide = [32, 8, 3, 3]
    assert shapes == {"0.weight": wide, "0.bias": [32], "2.weight": wide, "2.bias": [32]}
    assert basicsr.Upsample(3, 8)(torch.zeros(1, 8, 5, 7)).shape == (1, 8, 15, 21)
    with pytest.raises(ValueError, match="scale 6 is not supported"):
        basicsr.Upsample(6, 8)
    x = torch.arange(2 * 4 * 6, dtype=torch.float32).view(1, 2, 4, 6)
    assert torch.equal(F.pixel_shuffle(basicsr.pixel_unshuffle(x, 2), 2), x)


@pytest.mark.parametrize("pattern", ["b c -> c b", "b c h w -> b c", "b (c d) h w -> b c d h w"])
def test_patterns_that_do_not_fit_are_refused(pattern):
    with pytest.raises(ValueError, match=r"axes|axis"):
        rearrange(torch.zeros(2, 6, 4, 5), pattern)


@pytest.mark.parametrize("length", [1, 2, 5, 16, 37])
def test_the_scan_is_the_recurrence_of_the_paper(length):
    torch.manual_seed(length)
    u, delta, z = (torch.randn(2, 4, length) for _ in range(3))
    a, d, bias = -torch.rand(4, 3), torch.randn(4), torch.randn(4)
    b, c = torch.randn(2, 2, 3, length), torch.randn(2, 2, 3, length)
    y = selective_scan(u, delta, a, b, c, d, z, bias, delta_softplus=True)
    step = F.softplus(delta + bias[:, None])
    state, expected = torch.zeros(2, 4, 3), []
    for t in range(length):
        bt, ct = (m[..., t].repeat_interleave(2, dim=1) for m in (b, c))
        now = step[..., t, None]
        state = torch.exp(now * a) * state + now * bt * u[..., t, None]
        expected.append((state * ct).sum(-1) + d * u[..., t])
    torch.testing.assert_close(y, torch.stack(expected, -1) * F.silu(z))


def test_a_mamba_block_has_the_published_parameters():
    shapes = {name: list(p.shape) for name, p in Mamba(32, d_state=16, expand=2).named_parameters()}
    assert shapes == {
        "A_log": [64, 16],
        "D": [64],
        "in_proj.weight": [128, 32],
        "conv1d.weight": [64, 1, 4],
        "conv1d.bias": [64],
        "x_proj.weight": [34, 64],
        "dt_proj.weight": [64, 2],
        "dt_proj.bias": [64],
        "out_proj.weight": [32, 64],
    }


def test_counters_find_of_a_mamba_block_what_they_find_of_the_package():
    """Its first projection is a product; the rest is one autograd function and no module."""
    network = torch.nn.Sequential(Mamba(8, d_state=4, dt_rank=2), torch.nn.Linear(8, 3))
    counts = measure(network.eval(), torch.randn(1, 50, 8))
    first, last = 50 * 8 * 32, 50 * 8 * 3
    inside = {
        "conv": (50 + 3) * 16 * 4,
        "x": 50 * 16 * (2 + 2 * 4),
        "dt": 50 * 2 * 16,
        "out": 50 * 16 * 8,
    }
    assert counts.flops["fvcore"].flops == first + last
    assert counts.flops["torch"].flops == first + last + sum(inside.values())
    assert set(counts.flops["hooks"].by_operator) == {"Linear"}
    assert counts.flops["fvcore"].unknown["prim::PythonOp.MambaInnerFn"] == 1
    assert "prim::PythonOp.MambaInnerFn" in blind_spots(counts)


def test_mamba_is_causal():
    torch.manual_seed(0)
    block, x = Mamba(8, d_state=4), torch.randn(1, 20, 8)
    changed = x.clone()
    changed[:, 12:] += 1
    with torch.no_grad():
        y, z = block(x), block(changed)
    assert torch.equal(y[:, :12], z[:, :12])
    assert not torch.allclose(y[:, 12:], z[:, 12:])


def test_conv_module_is_a_convolution_with_norm_and_activation():
    module = layers.ConvModule(3, 5, 1, norm_cfg={"type": "BN"}, act_cfg={"type": "ReLU"}).eval()
    names = [name for name, _ in module.named_parameters()]
    assert names == ["conv.weight", "bn.weight", "bn.bias"]
    assert float(module(torch.randn(1, 3, 4, 4)).detach().min()) >= 0
    with pytest.raises(ModuleNotFoundError):
        layers.ConvModule(3, 5, 1, act_cfg={"type": "Swish"})


def test_named_apply_reaches_children_before_the_root():
    seen = []
    network = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.ReLU()))
    layers.named_apply(lambda module, name: seen.append(name), network)
    assert seen == ["1.0", "1", "0"]


def test_every_working_part_is_of_a_listed_package():
    assert {"basicsr", "mmcv", "mamba_ssm", "huggingface_hub", "timm", "einops"} <= WORKING.keys()
