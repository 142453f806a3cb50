"""ESC's own parts: two forms of attention, kernels made from the image, the folded filter."""

from math import erf

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tests.support.architectures import ARCHITECTURES, Architecture
from tests.support.goldens import load_rule_weights, restore

Array = NDArray[np.float64]

BASE, FP = ARCHITECTURES["esc_base_x4"], ARCHITECTURES["esc_fp_x4"]
TINY = {"dim": 16, "pdim": 4, "n_blocks": 1, "window_size": 4, "num_heads": 1}


def random_image(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).random(shape, dtype=np.float32)


@pytest.mark.parametrize("architecture", [BASE, FP], ids=lambda a: a.name)
def test_attention_forms_agree(architecture: Architecture) -> None:
    image = random_image(1, 3, 45, 33)
    outputs = []
    for form in ("explicit", "sdpa"):
        network = architecture.build(attention=form)
        load_rule_weights(network)
        outputs.append(restore(network, image))
    explicit, sdpa = outputs
    assert np.abs(explicit - sdpa).max() <= architecture.tolerance * np.abs(explicit).max()


def test_unknown_attention_is_refused() -> None:
    with pytest.raises(ValueError, match="sdpa, explicit, not 'flex'"):
        BASE.build(attention="flex")


def test_fused_network_gives_the_same_image() -> None:
    network = BASE.build(**TINY)
    load_rule_weights(network)
    image = random_image(1, 3, 9, 7)
    before = restore(network, image)
    np.testing.assert_array_equal(restore(network.fuse(), image), before)


def test_fused_filter_is_the_mean_over_the_square_group() -> None:
    network = BASE.build(**TINY)
    kernel = network.plk_filter.detach().double().numpy()
    turns = [np.rot90(kernel, turn, axes=(2, 3)) for turn in range(4)]
    expected = np.mean([*turns, *(turn.swapaxes(2, 3) for turn in turns)], axis=0)
    folded = network.fuse().plk_filter.detach().numpy()
    np.testing.assert_allclose(folded, expected, atol=1e-7)


def test_large_kernel_against_loops() -> None:
    network = BASE.build(**TINY)
    load_rule_weights(network)
    plk = network.blocks[0].pconvs[0].plk
    image, shared = random_image(2, 4, 6, 5), network.plk_filter
    kernels = generated_kernels(plk.dwc_proj, image)
    static = network.plk_filter.detach().double().numpy()
    for index, picture in enumerate(image):
        expected = correlate(picture, static) + correlate(picture, diagonal(kernels[index]))
        output = plk(torch.from_numpy(image), shared)[index].detach().numpy()
        np.testing.assert_allclose(output, expected, atol=2e-5)


def test_factorised_large_kernel_against_loops() -> None:
    network = FP.build()
    load_rule_weights(network)
    plk = network.blocks[0].pconvs[0].plk
    image = random_image(2, 16, 6, 5)
    channel, spatial = network.lk_channel, network.lk_spatial
    kernels = generated_kernels(plk.proj, image)
    output = plk(torch.from_numpy(image), channel, spatial).detach().numpy()
    for index, picture in enumerate(image):
        kernel = spatial.detach().double().numpy()[:, 0].copy()
        kernel[:, 5:8, 5:8] += kernels[index]
        mixed = correlate(picture, channel.detach().double().numpy())
        np.testing.assert_allclose(output[index], correlate(mixed, diagonal(kernel)), atol=2e-5)


def generated_kernels(generator: nn.Sequential, image: NDArray[np.float32]) -> Array:
    """[N, P, H, W] -> [N, P, 3, 3]: mean over pixels, matrix, exact GELU, matrix."""
    first, last = matrix(generator[1]), matrix(generator[3])
    hidden = image.astype(np.float64).mean(axis=(2, 3)) @ first[0].T + first[1]
    hidden = np.vectorize(lambda x: 0.5 * x * (1 + erf(x / 2**0.5)))(hidden)
    return (hidden @ last[0].T + last[1]).reshape(*image.shape[:2], 3, 3)


def matrix(conv: nn.Conv2d) -> tuple[Array, Array]:
    """Return weight [out, in] and bias [out] of a 1x1 convolution."""
    weight, bias = (parameter.detach().double().numpy() for parameter in conv.parameters())
    return weight[:, :, 0, 0], bias


def diagonal(kernels: Array) -> Array:
    """[P, k, k] -> [P, P, k, k]: each channel is filtered by itself."""
    return np.eye(len(kernels))[:, :, None, None] * kernels[:, None]


def correlate(image: Array, kernels: Array) -> Array:
    """Correlate [P, H, W] with [Q, P, k, k], zero outside the image: [Q, H, W]."""
    size = kernels.shape[-1]
    padded = np.pad(image.astype(np.float64), ((0, 0), (size // 2,) * 2, (size // 2,) * 2))
    output = np.zeros((len(kernels), *image.shape[1:]))
    for y, x in np.ndindex(*image.shape[1:]):
        patch = padded[:, y : y + size, x : x + size]
        output[:, y, x] = (kernels * patch).sum(axis=(1, 2, 3))
    return output
