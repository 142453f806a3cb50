"""What measuring gives readers of an entry's figures to know: flag -> explanation. Pure."""

from collections.abc import Sequence

from harness.records import DeviceState, Inspection, Manifest, RoundVisit

# of nvml.REASONS: a power cap and locked clocks are the machine's settings, these are accidents
_SLOWDOWNS = (
    "hardware slowdown",
    "software thermal slowdown",
    "hardware thermal slowdown",
    "power brake",
)


def flags_of(inspection: Inspection, manifest: Manifest) -> dict[str, str]:
    """Return the flags that go on the entry's row."""
    flags = {
        "flops-disagree": inspection.disagreement,
        "counter-blind": inspection.blind_spots,
        "not-strict": _loose(inspection),
        "plain-path": _plain_path(inspection, manifest),
        "precision": _precision(inspection.precisions),
        "nondeterministic": _nondeterministic(inspection),
    }
    if inspection.stand_ins:
        names = ", ".join(inspection.stand_ins)
        flags[f"stand-in: {names}"] = f"not installed, and stood in for by the harness: {names}"
    if manifest.official:
        flags["note"] = manifest.official.note
    return {flag: explanation for flag, explanation in flags.items() if explanation}


def _loose(inspection: Inspection) -> str:
    missing, unexpected = len(inspection.missing_keys), len(inspection.unexpected_keys)
    if not missing and not unexpected:
        return ""
    return (
        f"loaded with strict = false: {missing} keys missing from the checkpoint, "
        f"{unexpected} unexpected in it"
    )


def _plain_path(inspection: Inspection, manifest: Manifest) -> str:
    if not inspection.operator_missing or not manifest.official or not manifest.complexity:
        return ""
    arguments = ", ".join(
        f"{name}={value}" for name, value in manifest.complexity.arguments.items()
    )
    return (
        f"its operator {manifest.official.operator} is not built here; measured instead as "
        f"{manifest.complexity.factory}(..., {arguments})"
    )


def _precision(precisions: tuple[str, ...]) -> str:
    other = [name for name in precisions if name != "float32"]
    return f"it computes in {', '.join(other)}, too" if other else ""


def _nondeterministic(inspection: Inspection) -> str:
    return "" if inspection.repeatable else "the same input gives different outputs"


# ---------------------------------------------------------------- of visits


def disturbance(state: DeviceState | None) -> str:
    """Say what disturbed the GPU during a visit; nothing where all was well, or is not known."""
    if state is None:
        return ""
    accidents = [reason for reason in state.reasons if reason in _SLOWDOWNS]
    if state.foreign:
        accidents.append(f"processes of others ({', '.join(map(str, state.foreign))})")
    return ", ".join(accidents)


def of_visits(visits: Sequence[RoundVisit]) -> dict[str, str]:
    """Return what all visits of an entry together give to know."""
    flags = {"disturbed": _disturbed(visits)}
    return {flag: explanation for flag, explanation in flags.items() if explanation}


def _disturbed(visits: Sequence[RoundVisit]) -> str:
    found = [what for made in visits if (what := disturbance(made.state))]
    if not found:
        return ""
    every = "; ".join(dict.fromkeys(found))
    return f"{len(found)} of {len(visits)} visits, however often measured again, under {every}"
