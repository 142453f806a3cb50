"""What an inspection gives readers of an entry's figures to know: flag -> explanation. Pure."""

from harness.records import Inspection, Manifest


def flags_of(inspection: Inspection, manifest: Manifest) -> dict[str, str]:
    """Return the flags that go on the entry's row."""
    flags = {
        "flops-disagree": inspection.disagreement,
        "counter-blind": inspection.blind_spots,
        "not-strict": _loose(inspection),
        "plain-path": _plain_path(inspection, manifest),
        "exported": _exported(inspection),
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


def _exported(inspection: Inspection) -> str:
    if not inspection.program:
        return ""
    return (
        f"{inspection.program}: params are the constants that its operators learnt, FLOPs and "
        "activations are counted on its graph, by the formulas of fvcore"
    )


def _precision(precisions: tuple[str, ...]) -> str:
    other = [name for name in precisions if name != "float32"]
    return f"it computes in {', '.join(other)}, too" if other else ""


def _nondeterministic(inspection: Inspection) -> str:
    return "" if inspection.repeatable else "the same input gives different outputs"
