"""Parameters, FLOPs, activations and convolutions of a network on one input.

measurement  all counters on one input, on shapes alone where a network is large
operators    FLOPs operator by operator: fvcore, torch, ptflops
hooks        counted from calls of modules: activations, convolutions, FLOPs as in 2022 and 2023
programs     exported programs: their graph, counted by shape in the units of fvcore
plain        modules in the form that counters see
parameters   parameters of a network
modules      each module's share
results      the results of operators: their floating-point types, and what memory they take
holdings     numbers that an entry holds beside its parameters
work         what a forward computes and spends, seen without counting its operators
agreement    where counters disagree or are blind, and which operators are to blame
"""

from harness.worker.complexity.agreement import blind_spots, disagreement
from harness.worker.complexity.holdings import Holdings
from harness.worker.complexity.measurement import costs, measure, measure_affordably, uniform_noise
from harness.worker.complexity.parameters import count_parameters
from harness.worker.complexity.plain import plainly
from harness.worker.complexity.programs import count_program
from harness.worker.complexity.results import precisions
from harness.worker.complexity.work import work

__all__ = [
    "Holdings",
    "blind_spots",
    "costs",
    "count_parameters",
    "count_program",
    "disagreement",
    "measure",
    "measure_affordably",
    "plainly",
    "precisions",
    "uniform_noise",
    "work",
]
