"""The clock: one visit to a network, from its warm-up to its last timed call.

Each call is asked for by the exchange: what comes next, and why, the worker is not told.

visit         a visit: warm-up on every size, then sweeps in shuffled order
calls         calls on the images of one split, each on a copy of LR that is handed over for it
warm_up       untimed calls until clocks, caches and searches are where they stay
perturbation  LR images changed by one level, which nobody sees and no memory knows
"""

from harness.evaluation.clock.calls import Caller, Differing, Sample
from harness.evaluation.clock.perturbation import Perturbation, perturbed
from harness.evaluation.clock.visit import measure

__all__ = ["Caller", "Differing", "Perturbation", "Sample", "measure", "perturbed"]
