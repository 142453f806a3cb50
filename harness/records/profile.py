"""What `profile` finds out about one submission."""

from dataclasses import dataclass

from harness.records.passes import Failure, Restoration, VariantName, Visit


@dataclass(frozen=True)
class Operator:
    """One operator of PyTorch in the forward of one image."""

    name: str
    calls: int  # in one forward
    samples_ms: tuple[float, ...]  # of itself, without those that it calls; one sum per forward


@dataclass(frozen=True)
class Studied:
    """What a worker says at the end of a `profile` pass."""

    restoration: Restoration
    operators: tuple[Operator, ...] = ()  # in the forward of the first image


@dataclass(frozen=True)
class Profile:
    """Result of a `profile` pass: one variant of the entry, in a process of its own."""

    visit: Visit  # of the job's images under their split, of generated ones under `HEIGHTxWIDTH`
    refused: dict[str, str]  # generated size -> why the network failed on it
    operators: tuple[Operator, ...] = ()  # in the forward of the first image


@dataclass(frozen=True)
class Variant:
    """One way to run the entry, and what it gives."""

    name: VariantName
    visit: Visit | None = None  # None where it failed
    # of each image's SR against that of the entry as submitted; infinite where they are equal
    psnr_submitted_db: tuple[float, ...] = ()
    psnr_hr_db: tuple[float, ...] = ()  # where there is HR
    failure: Failure | None = None


@dataclass(frozen=True)
class Profiling:
    """All that is known of one submission's speed; `profile.json`."""

    name: str  # of the submission
    title: str  # of the protocol
    device: str
    clock: str  # what took the time
    identity: dict[str, str]  # hardware and versions
    observed: dict[str, str]
    command: str
    split: str  # under which visits hold the images that every variant restored
    images: tuple[str, ...]
    # the entry as submitted is visited first and last: what they differ by is noise
    variants: tuple[Variant, ...]
    sizes: tuple[tuple[int, int], ...]  # height, width of the generated images of the first visit
    refused: dict[str, str]
    operators: tuple[Operator, ...]
