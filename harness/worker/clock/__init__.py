"""The clock: one visit to a network, from its warm-up to its last timed call.

visit         a visit: warm-up on every size, then sweeps in shuffled order
calls         calls of the network: each guarded, each on an LR image of its own
warm_up       untimed calls until clocks, caches and searches are where they stay
perturbation  LR images changed by one level, which nobody sees and no memory knows
"""

from harness.worker.clock.calls import Sample
from harness.worker.clock.perturbation import Perturbation
from harness.worker.clock.visit import measure

__all__ = ["Perturbation", "Sample", "measure"]
