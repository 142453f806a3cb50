"""Methods laid out as the table of a paper: order, marks, ratios, footnotes. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from harness.errors import InputError
from reports import units
from reports.paper.columns import COSTS, Column, columns_of, of_cost
from reports.paper.differences import Difference, compare
from reports.paper.methods import (
    HR_SIZE,
    Group,
    Method,
    devices,
    key_of,
    leading,
    side_by_side,
)
from reports.paper.table import Block, Cell, Choice, Line, Mark, PaperTable
from reports.tables.notes import Notes


def build(methods: Sequence[Method], choice: Choice, unfinished: Sequence[str] = ()) -> PaperTable:
    """Lay out `methods`; `unfinished` says of what runs more is to come.

    Raises InputError where the choice names what is not there.
    """
    if not methods:
        raise InputError(
            "there is nothing to show; name the folder of a run, or --published figures"
        )
    scales, datasets = _scales(methods, choice), _datasets(methods, choice)
    methods = [method for method in methods if method.scale in scales]
    names = devices(methods)
    if len(names) > 1:
        methods = side_by_side(methods)
    if choice.baseline and not _called(methods, choice.baseline):
        known = ", ".join(dict.fromkeys(method.name for method in methods))
        raise InputError(f"no method is called {choice.baseline}; there are {known}")
    called = _called(methods, choice.baseline)
    columns = tuple(
        column
        for column in columns_of(methods, datasets, with_ratios=bool(choice.baseline))
        if not column.ratio or any(column.quantity in one.values for one in called)
    )
    if not columns:
        raise InputError("no method has a figure for any column; name other --datasets or --scales")
    methods = [m for m in methods if not m.kind or any(c.quantity in m.values for c in columns)]
    notes, blocks, differences = Notes(), [], []
    for scale in scales:
        own = [method for method in methods if method.scale == scale]
        groups = _groups(own, of_cost(columns, choice.sort))
        layout = _Layout(columns, groups, choice, notes)
        blocks.append(Block(scale, tuple(layout.lines()), tuple(groups)))
        differences += layout.differences
    return PaperTable(
        columns,
        tuple(blocks),
        tuple(notes.texts),
        (*unfinished, *_remarks(columns, choice, methods, names, differences)),
        tuple(differences),
    )


class _Layout:
    """Turns the groups of one scale into lines."""

    def __init__(
        self,
        columns: Sequence[Column],
        groups: Sequence[Group],
        choice: Choice,
        notes: Notes,
    ) -> None:
        self._columns = columns
        self._groups = groups
        self._baseline = choice.baseline
        self._notes = notes
        self._marks = {column: _marks(column, groups) for column in columns if column.quality}
        self.differences = [
            difference
            for group in groups
            if not group[0].kind
            for published in group
            if published.kind
            for difference in compare(group[0], published, columns, choice.tolerances)
        ]
        self._small = {(d.published, d.column): d.text for d in self.differences}

    def lines(self) -> Iterable[Line]:
        for group in self._groups:
            for method in group:
                cells = tuple(self._cell(method, column, group) for column in self._columns)
                numbers = tuple(map(self._notes.number, self._sources(method)))
                yield Line(method.name, method.kind, numbers, cells)

    def _sources(self, method: Method) -> Iterable[str]:
        shown = (method.sources.get(column.quantity) for column in self._columns)
        yield from dict.fromkeys(f"source: {source}" for source in shown if source)

    def _cell(self, method: Method, column: Column, group: Group) -> Cell:
        value = self._ratio(method, column) if column.ratio else method.values.get(column.quantity)
        if value is None:
            reason = self._why_missing(method, column, group)
            return Cell(units.MISSING, note=self._notes.number(reason) if reason else None)
        small = self._small.get((method, column), "")
        spread = method.spread.get(column.quantity)
        if spread is not None and not column.ratio:
            small = f"± {column.text(spread)}"
        mark = self._marks.get(column, {}).get(method, "")
        return Cell(column.text(value), mark, small)

    def _ratio(self, method: Method, column: Column) -> float | None:
        """Return the baseline's value over the row's, where both are of one device."""
        quantity = column.quantity
        value = method.values.get(quantity)
        for other in self._called():
            reference = other.values.get(quantity)
            if value and reference and other.origin(quantity) == method.origin(quantity):
                return reference / value
        return None

    def _called(self) -> list[Method]:
        return _called([method for group in self._groups for method in group], self._baseline)

    def _why_missing(self, method: Method, column: Column, group: Group) -> str:
        if column.ratio or method.kind:
            return ""  # what the remarks say of all of them
        if not column.quality and method.values:
            return "not measured in this run"
        known = any(other.kind and column.quantity in other.values for other in group)
        return f"{method.missing}{'; published value' if known else ''}"


def _scales(methods: Sequence[Method], choice: Choice) -> list[int]:
    there = {method.scale for method in methods}
    for scale in choice.scales:
        if scale not in there:
            known = ", ".join(map(str, sorted(there)))
            raise InputError(f"nothing of scale {scale} is there; there is {known}")
    measured = {method.scale for method in methods if not method.kind}
    return sorted(choice.scales or measured or there)


def _datasets(methods: Sequence[Method], choice: Choice) -> list[str]:
    measured = [method for method in methods if not method.kind]
    there, all_there = (
        list(dict.fromkeys(q.on for m in some for q in m.values if q.metric == "psnr_y_db"))
        for some in (measured, methods)
    )
    for dataset in choice.datasets:
        if dataset not in all_there:
            known = ", ".join(all_there) or "none"
            raise InputError(f"no PSNR-Y of data set {dataset} is there; data sets: {known}")
    return list(choice.datasets) or there or all_there


def _groups(methods: Sequence[Method], sort: Sequence[Column]) -> list[Group]:
    """Gather the rows of each method; sort by cost, methods of unknown cost last."""
    gathered: dict[str, list[Method]] = {}
    for method in methods:
        gathered.setdefault(method.key, []).append(method)
    groups = [sorted(group, key=lambda method: bool(method.kind)) for group in gathered.values()]

    def cost(group: Group) -> tuple[float, str]:
        known = ((leading(group, column.quantity), column.quantity) for column in sort)
        values = (first.values[quantity] for first, quantity in known if first)
        return next(values, float("inf")), group[0].key

    return sorted(groups, key=cost)


def _marks(column: Column, groups: Sequence[Group]) -> Mapping[Method, Mark]:
    """Return the marks of best and second best; equals share one."""
    first = [method for group in groups if (method := leading(group, column.quantity))]
    printed = {m: round(m.values[column.quantity], column.decimals) for m in first}
    levels = sorted(set(printed.values()), reverse=True)[:2]
    if len(first) < 2:
        return {}
    names: tuple[Mark, ...] = ("best", "second")
    return {m: names[levels.index(value)] for m, value in printed.items() if value in levels}


def _called(methods: Sequence[Method], name: str) -> list[Method]:
    return [method for method in methods if method.key == key_of(name)]


def _remarks(
    columns: Sequence[Column],
    choice: Choice,
    methods: Sequence[Method],
    names: Sequence[str],
    differences: Sequence[Difference],
) -> Iterable[str]:
    metrics = {column.quantity.metric for column in columns}
    yield f"Methods by {COSTS[choice.sort].heading.partition(' [')[0]}, cheapest first."
    if any(column.quantity.on == HR_SIZE for column in columns):
        yield f"Costs other than parameters are of a {HR_SIZE} output."
    if any(column.quality for column in columns):
        yield (
            "PSNR and SSIM are of the Y channel; bold is the best and underlined the second best "
            "method, each by its first row that has the figure."
        )
    if metrics & {"latency_ms", "memory_mib"} and len(names) == 1:
        yield f"Measured on {names[0]}."
    if any(column.ratio for column in columns):
        yield f"Ratios are those of {choice.baseline} over the row, both from one device."
    if any(method.kind for method in methods):
        yield "A dash on a published row: not among the published figures at hand."
    if differences:
        compared = dict.fromkeys(d.column.quantity.metric for d in differences)
        limits = ", ".join(f"{metric} {choice.tolerances[metric]}" for metric in compared)
        yield f"Small figures on published rows: measured minus published; tolerances: {limits}."
