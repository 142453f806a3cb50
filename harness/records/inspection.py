"""What an `inspect` pass finds: what a network costs, holds and does."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Count:
    """What one FLOPs counter says of one input, and what it could not see."""

    flops: int
    by_operator: dict[str, int]
    unknown: dict[str, int]  # operator -> calls that the counter does not know
    biases: dict[str, int] = field(default_factory=dict)  # operator -> its flops for a bias


@dataclass(frozen=True)
class Complexity:
    """Counts of one 3 x height x width input."""

    flops: dict[str, Count]  # counter -> count; a counter that failed is absent
    activations: int
    num_conv: int
    uncalled: tuple[str, ...] = ()  # modules that the forward never called
    problems: dict[str, str] = field(default_factory=dict)  # counter -> why it failed
    on_shapes: bool = False  # counted on the meta device, which computes no pixel
    by_precision: dict[str, int] = field(
        default_factory=dict
    )  # multiply-accumulates, if not float32
    # what a small image shows -> torch's FLOPs, if not alike
    by_content: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """What a counter said while an ordinary image of the first split was restored."""

    counter: str
    image: int
    size: tuple[int, int]  # height, width of LR
    flops: int = 0  # for as many pixels as the input that costs are stated for
    refused: str = ""  # why the image was not restored then


@dataclass(frozen=True)
class ModuleCost:
    """What one module costs, with all that stands inside it."""

    name: str  # dotted, '' for the whole network
    kind: str  # its class
    flops: int  # by fvcore
    params: int
    activations: int


@dataclass(frozen=True)
class Work:
    """What a forward of a small image was seen to compute, beside what counters say of it."""

    pixels: int  # of its LR image
    macs: int  # the most that a counter says
    results: int  # floating-point elements that operators computed, whatever each took
    processor_ms: float  # of the whole process, all threads
    explained_ms: float  # of it, in operators of PyTorch, on one thread
    operators: int  # calls of those


@dataclass(frozen=True)
class Layer:
    """A learnt tensor of two dimensions or more, some of whose elements are zero."""

    name: str
    elements: int
    zeros: int
    two_of_four: bool  # of 4 neighbours at most 2 are not zero


@dataclass(frozen=True)
class Weights:
    """How a network's weights are kept."""

    elements: dict[str, int]  # type of element, as it is kept -> how many
    bytes: int  # of all, scales with them
    file_bytes: int  # of the checkpoint or program; 0 where there is none
    zeros: int = 0
    layers: tuple[Layer, ...] = ()  # those with zeros


@dataclass(frozen=True)
class Unused:
    """The parameters that take no part in a forward."""

    names: tuple[str, ...] = ()
    elements: int = 0


@dataclass(frozen=True)
class Inspection:
    """Result of the `inspect` pass."""

    params: int  # after the first forward, as the official main counts
    params_loaded: int  # before it
    complexity: Complexity
    missing_keys: tuple[str, ...] = ()
    unexpected_keys: tuple[str, ...] = ()
    loaded_share: float = 1.0  # of the network's elements that came from the checkpoint
    stripped: tuple[str, ...] = ()  # prefixes that were taken off the checkpoint's keys
    left_out: tuple[str, ...] = ()  # its keys that are by convention not the network's
    chosen: str = ""  # which of several networks in its checkpoint was taken
    complete: bool = True  # the network has its checkpoint, or needs none
    twin: str = ""  # factory whose network was counted in place of the entry's own
    disagreement: str = ""  # where counters differ by more than 1 %, and the operators to blame
    blind_spots: str = ""  # operators whose multiplications some counter does not see
    stand_ins: tuple[str, ...] = ()  # packages that the harness stood in for
    operator_missing: bool = False  # the twin was measured: the entry's own operator is not built
    precisions: tuple[str, ...] = ("float32",)  # of the floating-point results inside the network
    repeatable: bool = True  # the same input gave the same output twice
    # elements held beside the parameters, by kind: buffers, tensors, arrays, bytes, numbers
    held: dict[str, int] = field(default_factory=dict)
    checkpoint_elements: int = 0  # of the state that was read from the checkpoint
    work: Work | None = None  # None of exported programs, whose graph is all they do
    program: str = ""  # what an exported program is: its kind, size and weights
    weights: Weights | None = None
    modules: tuple[ModuleCost, ...] = ()  # those with at least 1 % of some cost, the whole first
    unused: Unused | None = field(default_factory=Unused)  # None where it is not known
    foldable: str = ""  # method of its modules that folds them, which the manifest does not name
    counted: tuple[Counted, ...] = ()  # of what was counted: of the twin, where there is one
