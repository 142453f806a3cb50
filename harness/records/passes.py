"""A worker's job and what its passes leave."""

from dataclasses import dataclass, field
from typing import Any, Literal

from harness.records.device import DeviceState
from harness.records.protocol import Switches
from harness.records.submission import Manifest
from harness.records.text import one_line

PassName = Literal["build", "inspect", "restore", "time", "probe", "profile"]
VariantName = Literal[
    "as submitted", "float16", "bfloat16", "channels_last", "torch.compile", "CUDA graph"
]


@dataclass(frozen=True)
class Study:
    """What a `profile` pass looks at."""

    variant: VariantName = "as submitted"
    repeats: int = 0  # forwards that PyTorch's profiler looks on at


@dataclass(frozen=True)
class Job:
    """All that a worker is told."""

    pass_name: PassName
    manifest: Manifest
    folder: str  # of the manifest, in the worker's private copy
    device: str
    switches: Switches
    input_size: tuple[int, int]
    study: Study = field(default_factory=Study)  # of the `profile` pass
    twin: bool = False  # load the twin for the counters in the network's place
    exchange: tuple[int, int, int] = (-1, -1, -1)  # descriptors: of its channel, LR and SR


@dataclass(frozen=True)
class Build:
    """Result of the `build` pass; what was made lies beside it, packed."""

    files: tuple[str, ...]  # made, relative to the manifest


@dataclass(frozen=True)
class Probe:
    """Result of the `probe` pass of a team's pre-flight."""

    sizes: tuple[str, ...]  # LR sizes that were tried, height x width
    refused: dict[str, str]  # size -> why the network failed on it
    repeatable: bool  # the same input gave the same output twice
    dtype: str  # of the output
    low: float = 0.0  # least and largest value of the outputs, before they are clamped
    high: float = 0.0


@dataclass(frozen=True)
class Apart:
    """How far the SR image of a timed or counted call is from an ordinary one of the same LR.

    Beside it, how far ordinary ones are from each other. Levels of 255, the most of an image.
    """

    split: str
    image: int
    perturbed: bool
    levels: int
    psnr_db: float
    spread_levels: int
    spread_db: float  # infinite where they are equal
    counter: str = ""  # that counted the call; '' of a timed one


@dataclass(frozen=True)
class Digests:
    """What the SR images of ordinary calls on an image are known by: of their pixels."""

    sr: str
    perturbed: str = ""  # of its LR image perturbed, where that was restored too


@dataclass(frozen=True)
class Restoration:
    """Result of the `restore` pass: what is to be said of all that was restored in it."""

    dtypes: tuple[str, ...]  # of the network's outputs
    flags: dict[str, str] = field(default_factory=dict)  # what was found wrong -> explanation
    cores: tuple[int, ...] = ()  # that threads were bound to, each to one
    perturbation_seed: int = 0  # of the harness: of the LR images that were restored perturbed
    # of images that were restored in the `inspect` pass as well, while they were counted
    apart: tuple[Apart, ...] = ()
    unscored: tuple[Digests, ...] = ()  # of the images of a split without HR


@dataclass(frozen=True)
class Burst:
    """Images run back to back, so that the device's energy is theirs. Host's monotonic seconds."""

    began_s: float
    ended_s: float
    images: int


@dataclass(frozen=True)
class Visit:
    """Result of a `time` pass: raw samples of one visit, in a process of its own."""

    samples_ms: dict[str, tuple[tuple[float, ...], ...]]  # split -> image -> sweep
    peak_bytes: dict[str, int]  # split -> peak memory
    memory_kind: str  # what `peak_bytes` means on this device
    # split -> image -> sha256 of its uint8 SR image; '' where this visit did not look at it
    digests: dict[str, tuple[str, ...]]
    warm_up: dict[str, int] = field(default_factory=dict)  # LR size -> untimed passes over it
    began_s: float = 0.0  # host's monotonic clock, as warm-up began
    ended_s: float = 0.0
    reserved_bytes: dict[str, int] = field(default_factory=dict)  # split -> peak, by the allocator
    # as samples: until the whole device was idle, by its own clock and by the host's; until the
    # call returned to the host
    whole_ms: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    host_ms: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    launch_ms: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    # as samples, by the harness's own clock: from before an LR image was handed over until all of
    # its SR image was back, the exchange of both included
    referee_ms: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    # what the worker told, where that is disputed: `samples_ms` is then by the harness's clock
    told_ms: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    # split -> when its sweeps began and ended, by the host's monotonic clock
    sweeps_s: dict[str, tuple[float, float]] = field(default_factory=dict)
    # split -> image and milliseconds of each call on perturbed LR
    perturbed_ms: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    perturbation_seed: int = 0
    # of some calls whose SR images were not, bit for bit, those of ordinary calls
    apart: tuple[Apart, ...] = ()
    # split -> image and milliseconds of each call back to back, and as a CUDA graph; on a GPU
    row_ms: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    graph_ms: dict[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    bursts: dict[str, Burst] = field(default_factory=dict)  # by split, where energy is counted
    flags: dict[str, str] = field(default_factory=dict)  # what the clock found wrong -> explanation
    cores: tuple[int, ...] = ()  # that threads were bound to, each to one


@dataclass(frozen=True)
class Fidelity:
    """How close one SR image is to its HR image."""

    psnr_db: float
    ssim: float | None  # None where the run went without SSIM
    psnr_y_db: float
    ssim_y: float | None


@dataclass(frozen=True)
class ImageScore:
    """Fidelity of one image of a split."""

    split: str
    image: str  # name of the HR file
    fidelity: Fidelity
    sr_digest: str  # of the pixels of the uint8 SR image
    # the same of its LR image perturbed as `Restoration` says, where that was restored too
    perturbed_digest: str = ""


@dataclass(frozen=True)
class Failure:
    """Why an entry has no result, or none of some stage."""

    stage: str
    reason: str  # one sentence

    def __post_init__(self) -> None:
        """Keep the reason to one line that can be shown: it may quote what an entry says."""
        object.__setattr__(self, "reason", one_line(self.reason))


@dataclass(frozen=True)
class Outcome:
    """What a pass left, as it is stored: its result table or its failure, and its log."""

    result: dict[str, Any] = field(default_factory=dict)
    switches_changed: tuple[str, ...] = ()  # that the entry changed and the harness set back
    log: str = ""
    failure: Failure | None = None
    scores: tuple[ImageScore, ...] = ()  # of the restore pass
    state: DeviceState | None = None  # of the time pass; None where NVML is not available
