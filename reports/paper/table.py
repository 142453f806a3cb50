"""The table of a paper, free of any format, and what is wanted of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from reports.paper.columns import Column
from reports.paper.differences import TOLERANCES, Difference, Tolerances
from reports.paper.methods import Group

Mark = Literal["", "best", "second"]


@dataclass(frozen=True)
class Choice:
    """What is wanted of the table."""

    scales: Sequence[int] = ()  # where none is named: all that were measured, or else published
    datasets: Sequence[str] = ()  # likewise
    baseline: str = ""  # the method that ratios relate to
    sort: str = "flops"  # a key of COSTS
    tolerances: Tolerances = field(default_factory=lambda: TOLERANCES)


@dataclass(frozen=True)
class Cell:
    """One figure as it is printed."""

    text: str
    mark: Mark = ""
    small: str = ""  # measured minus published, or half the 95 % interval
    note: int | None = None  # number of the footnote that says why it is missing


@dataclass(frozen=True)
class Line:
    """One row."""

    name: str
    kind: str  # paper, retrained, ...; empty where it was measured
    notes: tuple[int, ...]  # numbers of the footnotes that name its sources
    cells: tuple[Cell, ...]

    @property
    def full_name(self) -> str:
        """Return the name as it is printed, with the kind in parentheses."""
        return f"{self.name} ({self.kind})" if self.kind else self.name


@dataclass(frozen=True)
class Block:
    """The rows of one scale, cheapest first."""

    scale: int
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]  # what the lines were made of


@dataclass(frozen=True)
class PaperTable:
    """The whole table, and what its reader must know."""

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]  # footnotes; the first has the number 1
    remarks: tuple[str, ...]  # how to read it
    differences: tuple[Difference, ...]  # every comparison that was made

    @property
    def exceeding(self) -> list[Difference]:
        """Return the differences beyond their tolerance."""
        return [difference for difference in self.differences if difference.exceeds]

    @property
    def summary(self) -> str:
        """Say how many measured figures differ from published ones by more than is tolerated."""
        compared = len(self.differences)
        return f"{len(self.exceeding)} of {compared} compared figures differ beyond the tolerance."
