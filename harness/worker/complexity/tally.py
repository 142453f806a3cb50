"""What the operators of one forward add up to, where no module tells of them."""

from collections import Counter
from math import prod

from harness.records import Complexity, Count

Shape = tuple[int, ...]
GRAPH = "graph"  # the counter's name beside fvcore's and the others'
BILINEAR, NEAREST, POOLED = 4, 1, 1  # multiply-accumulates per element, as fvcore has them
INT8 = "int8"


class Tally:
    """Sums of one forward; products told apart by the precision of what is multiplied."""

    def __init__(self) -> None:
        self.flops: Counter[str] = Counter()
        self.precisions: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.activations = self.num_conv = 0

    def convolution(
        self, given: Shape, weight: Shape, out: Shape, precision: str, back: bool = False
    ) -> None:
        """Count a convolution: a transposed one by the positions of its input."""
        macs = given[0] * prod(weight) * prod((given if back else out)[2:])
        self.products("conv", macs, precision)
        self.activations += prod(out)
        self.num_conv += 1

    def products(self, name: str, macs: int, precision: str) -> None:
        """Count multiply-accumulates of numbers of one precision."""
        self.flops[name] += macs
        self.precisions[precision] += macs

    def complexity(self) -> Complexity:
        """Return what was counted."""
        count = Count(self.flops.total(), dict(self.flops), dict(self.unknown))
        told = dict(self.precisions) if set(self.precisions) != {"float32"} else {}
        return Complexity({GRAPH: count}, self.activations, self.num_conv, by_precision=told)
