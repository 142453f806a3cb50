"""Parameters, FLOPs, activations and convolutions of a network on one input."""

from harness.complexity.agreement import blind_spots, disagreement
from harness.complexity.measurement import costs, measure, measure_affordably
from harness.complexity.parameters import count_parameters
from harness.complexity.precision import precisions

__all__ = [
    "blind_spots",
    "costs",
    "count_parameters",
    "disagreement",
    "measure",
    "measure_affordably",
    "precisions",
]
