"""How a network is fed: padding, tiles and the self-ensemble, in whole numbers and thus exactly."""

import itertools
import shutil

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ForwardError
from harness.worker.loading import Network, forward
from tests.support import tiny

SCALE = 2
RADIUS = 2  # pixels of LR that an SR pixel sees to each side: two convolutions of 3x3


class Small(torch.nn.Module):
    """Two convolutions and a pixel shuffle, with small whole weights that have no symmetry."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.last = torch.nn.Conv2d(4, 3 * SCALE**2, 3, padding=1)
        for index, parameter in enumerate(self.parameters()):
            values = torch.arange(parameter.numel()) * (7 + index) % 5 - 2
            parameter.data = values.float().view_as(parameter)
            parameter.requires_grad_(False)
        self.inputs = []

    def forward(self, x):
        self.inputs.append(x)
        return F.pixel_shuffle(self.last(self.first(x)), SCALE)


def image(height, width):
    values = torch.arange(3 * height * width) * 31 % 17
    return values.float().view(1, 3, height, width)


def covering(length, side, overlap):
    """Return the first and the last pixel of each tile along one side, written out."""
    starts, start = [], 0
    while start + side < length:
        starts.append(start)
        start += side - overlap
    starts.append(length - side)
    return [(first, first + side - 1) for first in starts]


def untouched(length, side, overlap):
    """Return the pixels that no tile restores closer than the radius to a cut."""

    def far(pixel, first, last):
        return (first == 0 or pixel - first >= RADIUS) and (
            last == length - 1 or last - pixel >= RADIUS
        )

    tiles = covering(length, side, overlap)
    return [
        pixel
        for pixel in range(length)
        if all(far(pixel, *tile) for tile in tiles if tile[0] <= pixel <= tile[1])
    ]


sizes = st.integers(1, 40)


@settings(deadline=None, max_examples=40)
@given(height=sizes, width=sizes, tile=st.integers(1, 24), overlap=st.integers(0, 23))
def test_tiles_give_the_whole_image_as_far_as_the_receptive_field_allows(
    height, width, tile, overlap
):
    side = min(tile, height, width)
    overlap = min(overlap, side - 1)
    lr = image(height, width)
    tiled = Network(Small(), SCALE, tile=tile, tile_overlap=overlap)(lr)
    whole = Small()(lr)
    rows, columns = untouched(height, side, overlap), untouched(width, side, overlap)
    for row, column in itertools.product(rows, columns):
        place = (..., slice(2 * row, 2 * row + 2), slice(2 * column, 2 * column + 2))
        assert torch.equal(tiled[place], whole[place])


@settings(deadline=None, max_examples=40)
@given(height=sizes, width=sizes, tile=st.integers(1, 24), overlap=st.integers(0, 23))
def test_tiles_are_summed_and_divided_by_their_count(height, width, tile, overlap):
    side = min(tile, height, width)
    overlap = min(overlap, side - 1)
    lr, module = image(height, width), Small()
    total, times = torch.zeros(2, 1, 3, height * SCALE, width * SCALE)
    for top, bottom in covering(height, side, overlap):
        for left, right in covering(width, side, overlap):
            sr = module(lr[..., top : bottom + 1, left : right + 1])
            total[..., 2 * top : 2 * bottom + 2, 2 * left : 2 * right + 2] += sr
            times[..., 2 * top : 2 * bottom + 2, 2 * left : 2 * right + 2] += 1
    tiled = Network(Small(), SCALE, tile=tile, tile_overlap=overlap)(lr)
    assert torch.equal(tiled, total / times)


def test_the_grid_of_the_official_scripts():
    module = Small()
    Network(module, SCALE, tile=16, tile_overlap=4)(image(16, 45))
    starts = [0, 12, 24, 29]  # 36 would leave the image: the last lies flush with the edge
    assert [x.shape[-2:] for x in module.inputs] == [(16, 16)] * 4
    expected = [image(16, 45)[..., start : start + 16] for start in starts]
    assert all(map(torch.equal, module.inputs, expected))


def test_a_side_no_longer_than_the_overlap_is_stepped_over_by_halves():
    module = Small()
    Network(module, SCALE, tile=256, tile_overlap=32)(image(20, 45))
    assert [x.shape[-2:] for x in module.inputs] == [(20, 20)] * 4  # from 0, 10, 20 and 25


def test_the_padded_image_is_cut_so_that_every_tile_is_a_multiple():
    module = Small()
    network = Network(module, SCALE, multiple_of=8, tile=32, tile_overlap=8)
    assert network(image(17, 70)).shape == (1, 3, 34, 140)
    assert {x.shape[-2:] for x in module.inputs} == {(24, 24)}


def test_a_tile_as_large_as_the_image_is_the_image():
    lr = image(30, 30)
    assert torch.equal(Network(Small(), SCALE, tile=30)(lr), Small()(lr))


def reflected(values, length):
    """Continue a line by its mirror image without the last value, then by its end, by hand."""
    line = [*values, *values[-2::-1]][:length]
    return line + line[-1:] * (length - len(line))


@given(height=st.integers(1, 9), width=st.integers(1, 9), multiple=st.integers(1, 16))
def test_an_image_is_padded_by_reflection_and_beyond_that_by_its_edge(height, width, multiple):
    lr, module = image(height, width), Small()
    sr = Network(module, SCALE, multiple_of=multiple)(lr)
    (padded,) = module.inputs
    tall, wide = (-(-side // multiple) * multiple for side in (height, width))
    rows, columns = reflected(range(height), tall), reflected(range(width), wide)
    assert torch.equal(padded, lr[..., rows, :][..., columns])
    assert sr.shape == (1, 3, SCALE * height, SCALE * width)


class Changing(Small):
    """Changes its input."""

    def forward(self, x):
        return super().forward(x.sub_(3))


class Copying(Small):
    """Computes the same, and changes nothing."""

    def forward(self, x):
        return super().forward(x - 3)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"self_ensemble": True},
        {"tile": 8, "tile_overlap": 4},
        {"tile": 12, "tile_overlap": 4, "self_ensemble": True, "multiple_of": 4},
        {"multiple_of": 8},
    ],
)
def test_a_network_that_changes_its_input_changes_no_other_call(options):
    lr = image(20, 24)
    changing, copying = (Network(kind(), SCALE, **options) for kind in (Changing, Copying))
    expected = copying(lr)
    assert all(torch.equal(forward(changing, lr), expected) for _ in range(2))
    assert torch.equal(lr, image(20, 24))


@pytest.mark.parametrize("shape", [torch.contiguous_format, torch.channels_last])
def test_a_tile_keeps_the_memory_order_of_the_image(shape):
    module = Small()
    Network(module, SCALE, tile=8, tile_overlap=0)(image(8, 16).to(memory_format=shape))
    assert all(x.is_contiguous(memory_format=shape) for x in module.inputs)


def symmetries():
    """Return the eight symmetries of a square as matrices of whole numbers, and the images'."""
    for transposed, down, across in itertools.product((False, True), repeat=3):
        dims = [dim for dim, reverse in ((-2, down), (-1, across)) if reverse]

        def there(x, transposed=transposed, dims=dims):
            return (x.transpose(-2, -1) if transposed else x).flip(dims)

        def back(x, transposed=transposed, dims=dims):
            return x.flip(dims).transpose(-2, -1) if transposed else x.flip(dims)

        yield there, back


@given(height=st.integers(3, 12), width=st.integers(3, 12))
def test_a_self_ensemble_is_the_mean_over_the_eight_symmetries(height, width):
    lr, module = image(height, width), Small()
    outputs = [back(module(there(lr))) for there, back in symmetries()]
    assert len({tuple(output.flatten().tolist()) for output in outputs}) == 8
    ensembled = Network(Small(), SCALE, self_ensemble=True)(lr)
    assert torch.equal(ensembled, sum(outputs) / 8)


@given(height=st.integers(1, 12), width=st.integers(1, 12), data_range=st.sampled_from((1, 255)))
def test_an_equivariant_network_is_unchanged_by_self_ensemble(height, width, data_range):
    lr = image(height, width) / 16 * data_range
    nearest = torch.nn.Upsample(scale_factor=SCALE)
    ensembled = Network(nearest, SCALE, self_ensemble=True)(lr)
    assert torch.equal(ensembled, nearest(lr))


def test_all_options_together_keep_an_equivariant_network():
    lr = image(21, 50)
    nearest = torch.nn.Upsample(scale_factor=SCALE)
    network = Network(nearest, SCALE, multiple_of=4, tile=16, tile_overlap=8, self_ensemble=True)
    assert torch.equal(network(lr), nearest(lr))


@pytest.mark.parametrize("options", [{"tile": 8, "tile_overlap": 2}, {"self_ensemble": True}])
@pytest.mark.parametrize(
    ("output", "message"),
    [
        (lambda x: x.mean(1, keepdim=True), r"the shape \[1, 1,"),
        (lambda x: x.int(), "returned torch.int32"),
        (lambda x: (x,), "returned tuple"),
    ],
)
def test_sums_hide_no_wrong_output(options, output, message):
    class Wrong(torch.nn.Upsample):
        def forward(self, x):
            return output(super().forward(x))

    with pytest.raises(ForwardError, match=message):
        forward(Network(Wrong(scale_factor=SCALE), SCALE, **options), image(12, 12))


@pytest.mark.heavy
def test_a_run_with_options_scores_times_and_counts_as_stated(tmp_path):
    """The entry repeats pixels: its images stay, a plus is added, counts are those of one call."""
    plain = tiny.SUBMISSIONS / "good"
    fed = shutil.copytree(plain, tmp_path / "fed")
    manifest = (fed / "submission.toml").read_text()
    options = "tile = 8\ntile_overlap = 4\nself_ensemble = true\n"
    (fed / "submission.toml").write_text(manifest.rstrip() + "\n" + options)
    run, _ = tiny.run(tmp_path / "out", tiny.write_data(tmp_path / "data"), [plain, fed])
    good, plus = run.entries
    assert (good.name, plus.name, plus.status) == ("good", "good+", "ok")
    assert [score.sr_digest for score in plus.scores] == [score.sr_digest for score in good.scores]
    assert plus.inspection.complexity == good.inspection.complexity
    assert plus.timing.visits[0].visit.digests == good.timing.visits[0].visit.digests


class Returning(torch.nn.Module):
    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(F.interpolate(x, scale_factor=SCALE))


@pytest.mark.parametrize(
    ("wrap", "told"),
    [
        (lambda sr: [sr[:, :1], sr], "returned list; it must return a tensor; wrap it in three"),
        (lambda sr: [sr[:, :1], sr], "`        return super().forward(lr)[1]`"),
        (lambda sr: {"aux": 1, "sr": sr}, "`        return super().forward(lr)['sr']`"),
        (lambda sr: sr.expand(2, -1, -1, -1), "`        return super().forward(lr)[:1]`"),
        (lambda sr: sr[:, :1], "check model.scale and the upsampler"),
        (lambda sr: "text", "returned str; it must return a tensor"),
    ],
)
def test_other_outputs_are_refused_with_how_to_wrap_them(wrap, told):
    with pytest.raises(ForwardError) as caught:
        forward(Network(Returning(wrap), SCALE), image(4, 5))
    assert told in str(caught.value)


def test_a_network_of_luma_is_fed_one_channel_in_tiles_too():
    network = Network(torch.nn.Upsample(scale_factor=SCALE), SCALE, tile=4, tile_overlap=2)
    luma = Network(
        torch.nn.Upsample(scale_factor=SCALE), SCALE, tile=4, tile_overlap=2, luma_range=255.0
    )
    grey = image(8, 9)[:, :1].expand(1, 3, 8, 9)
    torch.testing.assert_close(forward(luma, grey), forward(network, grey), atol=1e-3, rtol=0)


def test_half_precision_reaches_the_module_and_its_output():
    module = Small().half()
    sr = forward(Network(module, SCALE, dtype=torch.float16), image(5, 6))
    assert (module.inputs[0].dtype, sr.dtype) == (torch.float16, torch.float16)
