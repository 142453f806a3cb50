"""A profile that nobody measured."""

from math import inf

from harness.records import Failure, Operator, Profiling, Variant, Visit


def visit(ms, **sizes):
    """Return a visit of two images, and of generated ones by their size."""
    samples = {"valid": ((ms, ms + 1, ms + 3), (3 * ms, 3 * ms, 3 * ms))}
    samples |= {size: ((value,) * 3,) for size, value in sizes.items()}
    peaks = dict.fromkeys(samples, 3 * 2**20)
    return Visit(samples, peaks, "scripted", {"valid": ("a", "b")})


MADE = Profiling(
    name="Mine & <yours>",
    title="A challenge",
    device="fake",
    clock="scripted",
    identity={"cpu": "abacus"},
    observed={"date": "today"},
    command="profile",
    split="valid",
    images=("a.png", "b.png"),
    variants=(
        Variant("as submitted", visit(8, **{"10x20": 2.0, "20x40": 8.0}), (inf, inf), (30.0, 32.0)),
        Variant("float16", visit(3.9), (60.0, 50.0), (30.0, 31.9)),
        Variant("CUDA graph", failure=Failure("forward", "there is no GPU")),
        Variant("as submitted", visit(9.025), (inf, inf), (30.0, 32.0)),
    ),
    sizes=((5, 10), (10, 20), (20, 40)),
    refused={"5x10": "too small"},
    operators=(Operator("aten::conv", 6, (6.0, 7.0, 9.0)), Operator("aten::add", 2, (1.0,) * 3)),
)
