"""What a network has learnt: shared, packed, pruned."""

import pytest
import torch
from torch import nn

from harness.worker.complexity import count_parameters, weights

PATTERN = torch.tensor([0.0, 1.0, 2.0, 0.0])


def convolution(weight: torch.Tensor) -> nn.Conv2d:
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], bias=False)
    layer.weight = nn.Parameter(weight)
    return layer


def test_a_float_network_is_told_by_type_bytes_and_zeros():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(4, 4).half())
    network[0].weight.data.fill_(1.0)
    network[0].weight.data[:2] = 0.0
    network[1].weight.data.fill_(1.0)
    told = weights(network, 7)
    assert told.elements == {"float32": 3 * 4 * 9 + 4, "float16": 4 * 4 + 4}
    assert told.bytes == 4 * (3 * 4 * 9 + 4) + 2 * 20
    assert told.file_bytes == 7
    (layer,) = told.layers
    assert (layer.name, layer.elements, layer.zeros) == ("0.weight", 108, 54)


@pytest.mark.parametrize(
    ("weight", "patterned"),
    [
        (PATTERN.repeat(8).view(8, 4, 1, 1), True),
        (PATTERN.view(1, 4, 1, 1).expand(2, 4, 3, 3).clone(), True),  # along input channels
        (PATTERN.repeat(9).view(1, 4, 3, 3), True),  # along the row of a matrix product
        (torch.tensor([0.0, 1.0, 1.0, 1.0]).repeat(8).view(8, 4, 1, 1), False),
        (torch.tensor([0.0, 0.0, 1.0]).repeat(4).view(4, 3, 1, 1), False),  # no groups of 4
        (torch.zeros(4, 4, 1, 1), False),
    ],
)
def test_two_of_four_is_recognised_along_either_axis(weight, patterned):
    told = weights(convolution(weight), 0)
    assert [layer.two_of_four for layer in told.layers] == [patterned]


def test_a_shared_weight_is_counted_once():
    layer = nn.Linear(3, 3)
    assert count_parameters(nn.Sequential(layer, layer)) == 12
    assert weights(nn.Sequential(layer, layer), 0).elements == {"float32": 12}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_weights_packed_by_torch_ao_count_as_those_of_its_network():
    from torch.ao.nn import quantized

    network = nn.Sequential(quantized.Conv2d(3, 5, 3), quantized.Linear(4, 2))
    assert list(network.parameters()) == []
    assert count_parameters(network) == (3 * 5 * 9 + 5) + (4 * 2 + 2)
    assert weights(network, 0).elements == {"int8": 3 * 5 * 9 + 4 * 2, "float32": 5 + 2}
