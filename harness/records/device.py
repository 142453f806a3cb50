"""Where work was done: the machine, its card, and what the driver told while a visit was made."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ceiling:
    """What a device can do at most; None where it is not known."""

    float32_macs: float | None = None  # multiply-accumulates per second, TF32 included
    half_macs: float | None = None  # in float16 or bfloat16
    bytes_per_s: float | None = None  # of its memory
    cache_bytes: int = 0  # that may never reach the memory


@dataclass(frozen=True)
class Site:
    """Where a round was played. Nothing of it but `card` enters a key."""

    card: str = ""  # UUID of the GPU; where there is none, the name of the node
    node: str = ""
    job: str = ""  # of a scheduler
    restarts: int = 0  # of that job


@dataclass(frozen=True)
class Machine:
    """What a unit of work found where it was done."""

    identity: dict[str, str] = field(default_factory=dict)  # what results depend on
    ceiling: Ceiling = field(default_factory=Ceiling)
    site: Site = field(default_factory=Site)
    observed: dict[str, str] = field(default_factory=dict)  # never part of a key
    standing: tuple[int, ...] = ()  # processes of others with an idle context on the GPU
    compilers: dict[str, str] = field(default_factory=dict)  # what builds depend on as well


@dataclass(frozen=True)
class Spread:
    """The samples of one figure."""

    low: float
    middle: float  # the median
    high: float


@dataclass(frozen=True)
class DeviceState:
    """What NVML said from the start of a visit's warm-up to its end, at 20 Hz.

    None, or nothing, where it had no answer.
    """

    samples: int
    sm_clock_mhz: Spread | None = None
    memory_clock_mhz: Spread | None = None
    power_w: Spread | None = None
    temperature_c: Spread | None = None
    utilisation_percent: Spread | None = None
    reasons: tuple[str, ...] = ()  # why clocks were below their highest, at any sample
    # compute processes on the GPU that are neither the harness's nor were idle there before
    foreign: tuple[int, ...] = ()
    process_bytes: int | None = None  # most GPU memory of the visit's processes together
    energy_mj: dict[str, float] = field(default_factory=dict)  # split -> per image
    burst_c: dict[str, Spread] = field(default_factory=dict)  # split -> temperature meanwhile
    sweeps_sm_mhz: Spread | None = None  # the SM clock during the timed calls alone
    lost: str = ""  # why nobody watched to the end
