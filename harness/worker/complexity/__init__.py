"""Parameters, FLOPs, activations and convolutions of a network on one input.

measurement  all counters on one input, on shapes alone where a network is large
operators    FLOPs operator by operator: fvcore, torch, ptflops
hooks        counted from calls of modules: activations, convolutions, FLOPs as in 2022 and 2023
programs     exported and quantised networks: what reaches the dispatcher, in fvcore's units
graphs       ONNX graphs, by inferred shapes
tally        what operators add up to, where no module tells of them
learnt       what a network has learnt, packed away or not: how it is kept, and what of it is zero
modes        modes of the dispatcher, without the compiler that they import
plain        modules in the form that counters see
parameters   parameters of a network
restored     what counters say while an image is restored
unused       parameters that take no part in a forward
modules      each module's share
photographs  what images show, for what costs may depend on
results      the results of operators: their floating-point types, and what memory they take
holdings     numbers that an entry holds beside its parameters
work         what a forward computes and spends, seen without counting its operators
agreement    where counters disagree or are blind, and which operators are to blame
"""

from harness.worker.complexity.agreement import blind_spots, disagreement
from harness.worker.complexity.holdings import Holdings
from harness.worker.complexity.learnt import is_quantised, weights
from harness.worker.complexity.measurement import (
    by_content,
    costs,
    measure,
    measure_affordably,
    uniform_noise,
)
from harness.worker.complexity.parameters import count_parameters
from harness.worker.complexity.photographs import crops as photographs
from harness.worker.complexity.plain import plainly
from harness.worker.complexity.programs import count_program
from harness.worker.complexity.restored import Counting
from harness.worker.complexity.results import precisions
from harness.worker.complexity.unused import unused_parameters
from harness.worker.complexity.work import work

__all__ = [
    "Counting",
    "Holdings",
    "blind_spots",
    "by_content",
    "costs",
    "count_parameters",
    "count_program",
    "disagreement",
    "is_quantised",
    "measure",
    "measure_affordably",
    "photographs",
    "plainly",
    "precisions",
    "uniform_noise",
    "unused_parameters",
    "weights",
    "work",
]
