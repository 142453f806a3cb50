"""DLSN's own parts: hashing with rotations of its own, attention in chunks of similar pixels."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.support.architectures import ARCHITECTURES
from tests.support.goldens import load_rule_weights, restore

Array = NDArray[np.float64]

SMALL: Any = {"modules": 2, "blocks": 1, "width": 16, "chunk": 4}
HASHED, ROUNDS, CHUNK = 4, 3, 4
PLAIN_SEED = 1234


def small(**options: Any) -> nn.Module:
    network = ARCHITECTURES["dlsn_x2"].build(**{**SMALL, **options})
    load_rule_weights(network)
    return network


def random_image(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).random(shape, dtype=np.float32)


def global_rotations(count: int, buckets: int, seed: int = PLAIN_SEED) -> Tensor:
    """Draw as the official code does, from torch's global generator."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        drawn = [nn.init.orthogonal_(torch.empty(HASHED, buckets)) for _ in range(count)]
    return torch.stack(drawn)


@pytest.mark.parametrize(
    ("chunks", "buckets"),
    [(1, 2), (2, 2), (3, 4), (10, 10), (11, 12), (126, 126), (127, 128), (128, 128), (512, 128)],
)
def test_buckets_are_even_and_at_most_128(chunks: int, buckets: int) -> None:
    network = small(chunk=128)
    assert network.buckets(torch.empty(1, 3, chunks, 128)) == buckets
    assert network.buckets(torch.empty(1, 3, 1, 128 * chunks + 127)) == buckets


# One chunk; two; padding; an odd number of chunks; more buckets than channels; the most buckets.
SIZES = [(1, 4), (1, 7), (2, 4), (2, 5), (3, 4), (7, 9), (22, 25)]


@pytest.mark.parametrize("chunks_at_once", [1, 3, 1000])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_attention_against_loops(size: tuple[int, int], chunks_at_once: int) -> None:
    attention = small(chunks_at_once=chunks_at_once).get_submodule("body.0.body.1").double()
    compare_attention(attention, size)


def test_short_features_are_not_stretched_to_unit_length() -> None:
    attention = small().get_submodule("body.0.body.1").double()
    attention.conv_match[0].weight.data *= 3e-5
    attention.conv_match[0].bias.data *= 3e-5
    match = compare_attention(attention, (5, 6))
    assert np.linalg.norm(match, axis=1).min() < 5e-5 < np.linalg.norm(match, axis=1).max()


def compare_attention(attention: nn.Module, size: tuple[int, int]) -> Array:
    """Compare an attention in float64 with the loops and return the features that it hashed."""
    x = torch.from_numpy(np.random.default_rng(3).standard_normal((1, 16, *size)))
    chunks = size[0] * size[1] // CHUNK
    rotations = global_rotations(ROUNDS, min(chunks + chunks % 2, 128)).double()
    with torch.no_grad():
        output = attention(x, rotations)
        embeddings = [attention.conv_match, attention.conv_assembly, attention.conv_assembly_fc]
        match, values, learnt = (embedding(x)[0].flatten(1).T for embedding in embeddings)
        expected = attend(match.numpy(), values.numpy(), attention.fc(learnt).numpy(), rotations)
    found = (output - x)[0].flatten(1).T.numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * np.abs(expected).max())
    return np.asarray(match.numpy())


def attend(match: Array, values: Array, learnt: Array, rotations: Tensor) -> Array:
    """Do what the description says, one query and one round after the other."""
    tokens = len(match)
    outputs = np.empty((ROUNDS, *values.shape))
    weights = np.empty((ROUNDS, tokens))
    for turn, rotation in enumerate(rotations.numpy()):
        codes = (match @ rotation).argmax(axis=1)
        order = sorted(range(tokens), key=lambda token: (codes[token], token))
        padded = order + order[tokens - -tokens % CHUNK :]
        chunks = np.array(padded).reshape(ceil(tokens / CHUNK), CHUNK)
        for place, token in enumerate(order):
            number, position = divmod(place, CHUNK)
            keys = [k for n in (number, number - 1, number + 1) for k in chunks[n % len(chunks)]]
            scores = np.array(
                [match[token] @ unit(match[key]) + learnt[key][position] for key in keys]
            )
            peak = scores.max()
            weights[turn, token] = peak + np.log(np.exp(scores - peak).sum())
            outputs[turn, token] = np.exp(scores - weights[turn, token]) @ values[keys]
    share = np.exp(weights - weights.max(axis=0))
    return np.asarray((share[..., None] * outputs).sum(axis=0) / share.sum(axis=0)[:, None])


def unit(vector: Array) -> Array:
    return np.asarray(vector / max(np.linalg.norm(vector), 5e-5))


@pytest.mark.parametrize("size", [(5, 7), (22, 25)], ids=["8 buckets", "128 buckets"])
def test_rotations_are_those_of_the_global_generator(size: tuple[int, int]) -> None:
    lr = torch.from_numpy(random_image(1, 3, *size))
    network = small()
    state = torch.random.get_rng_state()
    with torch.no_grad():
        drawn = network(lr)
        assert torch.equal(torch.random.get_rng_state(), state)
        injected = network(lr, global_rotations(6, network.buckets(lr)))
    assert torch.equal(drawn, injected)


def test_same_seed_same_image() -> None:
    image = random_image(1, 3, 9, 10)
    network = small()
    first = restore(network, image)
    np.testing.assert_array_equal(restore(network, image), first)
    np.testing.assert_array_equal(restore(small(seed=PLAIN_SEED), image), first)
    assert np.abs(restore(small(seed=1), image) - first).max() > 1e-4


def test_image_does_not_depend_on_its_batch() -> None:
    images = random_image(3, 3, 6, 5)
    network = small()
    alone = [restore(network, images[i : i + 1]) for i in range(len(images))]
    np.testing.assert_array_equal(restore(network, images), np.concatenate(alone))


@pytest.mark.parametrize("shape", [(6, 4, 10), (3, 4, 8), (2, 3, 4, 8)], ids=str)
def test_rotations_that_do_not_fit_are_refused(shape: Sequence[int]) -> None:
    with pytest.raises(ValueError, match=r"have the shape \(6, 4, 8\), not"):
        small()(torch.zeros(1, 3, 5, 7), torch.zeros(shape))


@pytest.mark.heavy
def test_golden_rotations_give_the_golden_output(shared: Path) -> None:
    network = ARCHITECTURES["dlsn_x2"].build(seed=0)
    load_rule_weights(network)
    with np.load(shared / "goldens/golden/dlsn_x2.npz") as golden:
        image, rotations = (torch.from_numpy(golden[k]) for k in ("input", "lsh/rotations"))
        expected = golden["output"]
    with torch.no_grad():
        output = network(image, rotations).numpy()
    assert np.abs(output - expected).max() <= 1e-4 * np.abs(expected).max()
