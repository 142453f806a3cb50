"""What goes in: any batch, the smallest image, and one clear sentence below that."""

import numpy as np
import pytest

from tests.support.architectures import ARCHITECTURES, Architecture, Size
from tests.support.goldens import load_rule_weights, restore

# The scales of one factory differ in the last layer alone: x4 stands for them.
ONE_SCALE = {a.factory: a for a in ARCHITECTURES.values() if a.scale == 4}.values()
EVERY = pytest.mark.parametrize(
    "architecture",
    [pytest.param(a, marks=[pytest.mark.heavy] if a.large else [], id=a.name) for a in ONE_SCALE],
)


@EVERY
def test_images_of_a_batch_do_not_see_each_other(architecture: Architecture) -> None:
    network = architecture.build()
    load_rule_weights(network)
    generator = np.random.default_rng(3)
    batch = generator.random((2, 3, 26, 33), dtype=np.float32) * np.float32(architecture.data_range)
    together = restore(network, batch)
    for index in range(2):
        alone = restore(network, batch[index : index + 1])
        error = np.abs(together[index] - alone[0]).max()
        assert error <= architecture.tolerance * np.abs(alone).max()


@EVERY
def test_smallest_image(architecture: Architecture) -> None:
    height, width = architecture.smallest
    network = architecture.build()
    load_rule_weights(network)
    output = restore(network, np.ones((1, 3, height, width), np.float32))
    assert output.shape == (1, 3, height * architecture.scale, width * architecture.scale)
    assert np.isfinite(output).all()


@pytest.mark.parametrize(
    ("architecture", "size"),
    [(a, size) for a in ONE_SCALE for size in a.refused],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_smaller_image_is_refused_in_one_sentence(architecture: Architecture, size: Size) -> None:
    height, width = size
    network = architecture.build()
    with pytest.raises(ValueError, match=rf"{height} ?x ?{width}") as refusal:
        restore(network, np.ones((1, 3, height, width), np.float32))
    assert "\n" not in str(refusal.value)
