"""A protocol: one edition of the challenge, as data."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Threshold:
    """The PSNR that an entry must reach on a split, compared at `decimals`."""

    db: float
    source: str
    decimals: int = 2


@dataclass(frozen=True)
class Split:
    """One set of image pairs, and the PSNR that an entry must reach on it.

    Its files are those of the patterns, or, without them, those of a data set in any layout of
    `datasets.layouts`.
    """

    name: str
    hr: str = ""  # file pattern below the data folder; `*` stands for the image's name
    lr: str = ""
    aliases: tuple[str, ...] = ()  # without patterns: other names that the data set goes by
    threshold: Threshold | None = None
    private: bool = False  # its images are the organisers' secret; see `report --public`
    pictures: tuple[str, ...] = ()  # images that factsheets show: what `*` stands for
    bundled: tuple[str, ...] = ()  # scikit-image's images that make up an embedded split

    @property
    def wanted(self) -> str:
        """Say which files the split is made of."""
        if self.hr:
            return f"{self.hr} with {self.lr}"
        return f"{' or '.join((self.name, *self.aliases))} in a known layout"


@dataclass(frozen=True)
class Track:
    """One ranking. The first track of a protocol is its main one.

    `exp_ratio`: score = sum of weight x exp(2 x value / baseline's value).
    `rank_sum`: score = sum of weight x rank among the eligible entries in that metric.
    """

    name: str
    method: Literal["exp_ratio", "rank_sum"]
    weights: dict[str, float]  # metric -> weight
    source: str


@dataclass(frozen=True)
class Baseline:
    """The entry that scores are relative to. Without a name there is none."""

    names: tuple[str, ...] = ()  # it is the entry called by one of these
    source: str = ""
    published: dict[str, float] = field(default_factory=dict)  # metric or PSNR column -> value


@dataclass(frozen=True)
class Counter:
    """The FLOPs counter whose figure is the official one."""

    name: Literal["fvcore", "hooks", "torch", "ptflops"]
    source: str


@dataclass(frozen=True)
class CostImage:
    """`[complexity]`: the image that costs are stated for, by its LR size or by its SR size.

    Stated by `output`, it is also the one image that runtime and memory are taken on.
    """

    input: tuple[int, int] = (256, 256)  # height, width of the LR image
    output: tuple[int, int] | None = None  # height, width of the SR image, in place of `input`
    lr_rounding: Literal["floor", "ceil"] = "floor"  # of `output` over the scale; papers differ

    def lr_size(self, scale: int) -> tuple[int, int]:
        """Return height and width of the LR image; 1280x720 at x3 is 426x240, by ceil 427x240."""
        if self.output is None:
            return self.input
        up = scale - 1 if self.lr_rounding == "ceil" else 0
        height, width = self.output
        return (height + up) // scale, (width + up) // scale


@dataclass(frozen=True)
class Switches:
    """What changes speed or bits; set before a submission loads and again after."""

    cudnn_benchmark: bool = False
    cudnn_tf32: bool = True  # PyTorch's default, which the official scripts leave as it is
    matmul_precision: Literal["highest", "high", "medium"] = "highest"
    threads: int = 0  # 0: as many as the machine has cores


@dataclass(frozen=True)
class TimingPolicy:
    """How runtime is measured.

    `fair`: warmed up, in rounds of shuffled order, bracketed by the baseline. `official`: as the
    editions' own scripts do: cold, one pass over the images in their order, the mean of N runs.
    Ranks are by the policy's runtime; `official_runs` adds the other one beside `fair`.
    """

    policy: Literal["fair", "official"] = "fair"
    rounds: int = 10  # visits of each entry; the runs of `official`
    official_runs: int = 0  # cold runs of each entry after the fair rounds, to show beside them
    sweeps: int = 3  # passes over all images within a visit; `official` makes one
    seed: int = 0  # of every order that is drawn
    settled: float = 0.05  # a size is warm when two passes over it in turn agree within this
    warm_up_passes: int = 10  # at most, over one size
    warm_up_seconds: float = 0.5  # of work in a row before, on a GPU: its clocks rise with work
    noise: float = 0.2  # by which repeats of a call may be faster, and perturbed LR slower
    energy: bool = False  # whether images run back to back for their energy, on a GPU
    burst_seconds: float = 5.0  # so long at least; the counter moves ten times a second
    drift: float = 0.05  # a round whose baselines differ by more is measured again


@dataclass(frozen=True)
class Protocol:
    """One edition of the challenge, or one scale of a benchmark, as data."""

    name: str
    title: str
    scale: int
    border: int
    splits: tuple[Split, ...]
    counter: Counter
    tracks: tuple[Track, ...] = ()  # without any, entries are listed by FLOPs and none is ranked
    baseline: Baseline = field(default_factory=Baseline)
    colour: Literal["rgb", "y"] = "rgb"  # of the PSNR that thresholds judge and tables show
    rounded_luma: bool = False  # whether Y is rounded to uint8 before it is compared
    complexity: CostImage = field(default_factory=CostImage)
    timing: TimingPolicy = field(default_factory=TimingPolicy)
    switches: Switches = field(default_factory=Switches)
    ssim: bool = True  # whether SSIM is computed beside PSNR; ten times its cost
    unranked: tuple[int, ...] = ()  # ids that are measured but not ranked
    entries: tuple[str, ...] = ()  # shipped submissions that an embedded challenge runs
    notes: tuple[str, ...] = ()

    @property
    def main_track(self) -> Track | None:
        """Return the track that tables are ordered by."""
        return self.tracks[0] if self.tracks else None

    @property
    def psnr(self) -> str:
        """Return what people call the PSNR of `colour`."""
        return {"rgb": "PSNR", "y": "PSNR-Y"}[self.colour]

    @property
    def cost_size(self) -> tuple[int, int]:
        """Return height and width of the LR image that costs are stated for."""
        return self.complexity.lr_size(self.scale)
