"""What an inspection gives readers of an entry's figures to know: flag -> explanation. Pure."""

from math import prod

from harness.records import Complexity, Counted, Inspection, Manifest, Weights, Work

_WHOLE = 0.9  # share of a network's elements below which its checkpoint is hardly its own
_NAMED = 5  # keys, at most
_PRUNED = 0.1  # share of zeros from which a network is sparse
_BESIDE = 0.05  # share of the parameters that may be held beside them, and
_FEW = 2048  # elements that anybody may hold: means, kernels, positions
_PYTHONS = 1024  # numbers of Python that importing a module may leave
_COUNTED = 0.25  # share of a forward's operations that counters have to explain
_RESULTS = 500  # elements for each LR pixel: with fewer a forward does next to nothing
_EXPLAINED = 0.5  # share of the processor's time that PyTorch's operators have to explain
_UNEXPLAINED_MS = 5.0  # of it, which any forward may take
_CALLING_MS = 0.1  # that Python may take around an operator
_CHEAPER = 0.1  # share that the cost image may cost less than ordinary ones, each padded to
_PADDED = 64  # multiples of so many pixels, as windows of attention are
# flags with which an entry is not ranked until a person says so
FOR_A_PERSON = ("hidden-params", "hidden-work", "hidden-memory")
# what is told of an entry without putting a figure of it in doubt
_NOTES = (
    *("note", "figure", "plain-path", "precision", "stand-in", "switches-changed", "unsettled"),
    *("counters-differ", "checkpoint-entry", "compiled", "not-built", "deployed", "luma", "sparse"),
    *("accepted", "not-folded"),
)
_ALIKE = 1.01  # times the official count, which another counter may see without being told of


def is_note(flag: str) -> bool:
    """Tell whether a flag is only a note: its reader has nothing to look into."""
    return flag.partition(":")[0] in _NOTES


def flags_of(inspection: Inspection, manifest: Manifest, official: str) -> dict[str, str]:
    """Return the flags that go on the entry's row; `official` is the counter that is ranked by."""
    # where others see less than the official counter, its figure hides nothing
    apart = _apart(inspection.complexity, official)
    flags = {
        "counter-failed": _uncounted(inspection.complexity),
        "content-dependent": _by_content(inspection.complexity),
        "flops-disagree": inspection.disagreement if apart else "",
        "counters-differ": "" if apart else _within(inspection.disagreement),
        "counter-blind": _blind(inspection, manifest),
        "not-strict": _loose(inspection),
        "partly-loaded": _partly(inspection.loaded_share),
        "checkpoint-keys": _adapted(inspection),
        "unused-params": _unused(inspection),
        "checkpoint-entry": inspection.chosen,
        "plain-path": _plain_path(inspection, manifest),
        "exported": _exported(inspection),
        "deployed": _deployed(inspection, manifest.model.deploy),
        "not-folded": _foldable(inspection.foldable),
        "luma": _luma(manifest.model.channels),
        "precision": _precision(inspection),
        "sparse": _sparse(inspection.weights),
        "nondeterministic": _nondeterministic(inspection),
        "hidden-params": _hidden_params(inspection),
        "hidden-work": _hidden_work(inspection),
    }
    if inspection.stand_ins:
        names = ", ".join(inspection.stand_ins)
        flags[f"stand-in: {names}"] = f"not installed, and stood in for by the harness: {names}"
    if manifest.official:
        flags["note"] = manifest.official.note
    return {flag: explanation for flag, explanation in flags.items() if explanation}


def _apart(complexity: Complexity, official: str) -> bool:
    """Tell whether some counter sees more than the official one, biases apart."""
    plain = {name: one.flops - sum(one.biases.values()) for name, one in complexity.flops.items()}
    return max(plain.values(), default=0) > _ALIKE * plain.get(official, 0)


def _within(disagreement: str) -> str:
    return f"no counter sees more than the edition's: {disagreement}" if disagreement else ""


def _uncounted(complexity: Complexity) -> str:
    """Say why a counter has no figure, and what the others have: none stands in for it."""
    if not complexity.problems:
        return ""
    why = [f"{counter} counts nothing: {reason}" for counter, reason in complexity.problems.items()]
    others = [f"{name} {count.flops / 1e9:.4g} G" for name, count in complexity.flops.items()]
    return "; ".join([*why, f"the others: {', '.join(others)}"] if others else why)


def _by_content(complexity: Complexity) -> str:
    if not complexity.by_content:
        return ""
    told = [f"{flops / 1e9:.4g} G of {what}" for what, flops in complexity.by_content.items()]
    low, high = min(complexity.by_content.values()), max(complexity.by_content.values())
    return (
        f"its cost depends on the image: {low / 1e9:.4g} to {high / 1e9:.4g} G on small ones "
        f"({', '.join(told)}); the figure is that of uniform noise, seed 0"
    )


def _blind(inspection: Inspection, manifest: Manifest) -> str:
    """Name what counters do not see; compiled code may work without calling any operator."""
    parts = [inspection.blind_spots] if inspection.blind_spots else []
    if manifest.build and not inspection.twin:
        parts.append(
            "code compiled for it works where no counter looks; "
            "name a twin in plain PyTorch under [complexity]"
        )
    return "; ".join(parts)


def _loose(inspection: Inspection) -> str:
    missing, unexpected = len(inspection.missing_keys), len(inspection.unexpected_keys)
    if not missing and not unexpected:
        return ""
    return (
        f"loaded with strict = false: {missing} keys missing from the checkpoint, "
        f"{unexpected} unexpected in it"
    )


def _partly(share: float) -> str:
    if share >= _WHOLE:
        return ""
    return f"{share:.1%} of the network's elements came from its checkpoint, the rest did not"


def _adapted(inspection: Inspection) -> str:
    parts = []
    if inspection.stripped:
        parts.append(f"{', '.join(inspection.stripped)} taken off the checkpoint's keys")
    if names := inspection.left_out:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts.append(f"left out, as not the network's: {', '.join(names[:_NAMED])}{more}")
    return "; ".join(parts)


def _unused(inspection: Inspection) -> str:
    unused = inspection.unused
    if unused is None or not unused.elements:
        return ""
    more = f" and {len(unused.names) - _NAMED} more" if len(unused.names) > _NAMED else ""
    return (
        f"{unused.elements} of its {inspection.params} parameters take no part in a forward "
        f"({', '.join(unused.names[:_NAMED])}{more}), as of branches that training alone needs; "
        "name the method that folds it as `deploy` under [model], or hand it in as it is deployed"
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


def _deployed(inspection: Inspection, method: str) -> str:
    if not method:
        return ""
    return (
        f"folded by its {method}(): {inspection.params_loaded} params before, "
        f"{inspection.params} after"
    )


def _foldable(method: str) -> str:
    if not method:
        return ""
    return (
        f"its modules have a {method}(), which was not called here; where it is not yet folded, "
        "name a method of the network that folds it as `deploy` under [model]"
    )


def _luma(channels: str) -> str:
    if channels != "y":
        return ""
    return (
        "it restores Y alone: costs are those of one channel, Cb and Cr are bicubic, and runtime "
        "holds both conversions"
    )


def _precision(inspection: Inspection) -> str:
    """Say what is not float32: results, weights and products, which the score counts alike."""
    other = [name for name in inspection.precisions if name != "float32"]
    too = ", too" if "float32" in inspection.precisions else ""
    parts = [f"it computes in {', '.join(other)}{too}"] if other else []
    if (weights := inspection.weights) and set(weights.elements) - {"float32"}:
        total = sum(weights.elements.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in weights.elements.items())
        parts.append(f"weights: {kinds}, {8 * weights.bytes / total:.3g} bits each")
    if products := inspection.complexity.by_precision:
        told = ", ".join(f"{macs / 1e9:.4g} G in {kind}" for kind, macs in products.items())
        parts.append(f"multiply-accumulates: {told}; a score counts all alike")
    return "; ".join(parts)


def _sparse(weights: Weights | None) -> str:
    """Say how much was pruned, which params and FLOPs count as ever."""
    total = sum(weights.elements.values()) if weights else 0
    if not weights or weights.zeros < _PRUNED * total or not total:
        return ""
    patterned = sum(layer.two_of_four for layer in weights.layers)
    pattern = f", in {patterned} layers 2 of 4" if patterned else ""
    whole = any("int" in kind for kind in weights.elements)
    rounded = " (rounding to whole numbers makes some)" if whole else ""
    share = f"{weights.zeros / total:.1%} of its weights are zero"
    return f"{share}{rounded}{pattern}; params and FLOPs count them"


def _nondeterministic(inspection: Inspection) -> str:
    return "" if inspection.repeatable else "the same input gives different outputs"


def _hidden_params(inspection: Inspection) -> str:
    """Compare what is held, and what the checkpoint has, with the parameters that are counted."""
    params = max(inspection.params, inspection.params_loaded)
    allowed = max(_BESIDE * params, _FEW)
    kinds = dict(inspection.held)
    if kinds.get("numbers", 0) < _PYTHONS:
        kinds.pop("numbers", None)
    held = sum(kinds.values())
    spare = inspection.checkpoint_elements - inspection.params_loaded - held
    if held > allowed:
        listed = ", ".join(f"{kind} {count:,}" for kind, count in kinds.items())
        return (
            f"beside {params:,} parameters it holds {held:,} numbers that may be weights ({listed})"
        )
    if spare > allowed:
        return f"its checkpoint has {spare:,} numbers more than the network has parameters"
    return ""


def _hidden_work(inspection: Inspection) -> str:
    said = [_otherwise_counted(inspection.complexity, one) for one in inspection.counted]
    said += _uncounted_work(inspection.work) if inspection.work else []
    return "; ".join(filter(None, said))


def _otherwise_counted(complexity: Complexity, one: Counted) -> str:
    """Hold the figure of the cost image to that of an ordinary one, for as many pixels.

    Attention over windows may pad it, which makes its pixels dearer than the cost image's.
    """
    height, width = one.size
    if one.refused:
        return f"counting by {one.counter} fails on an ordinary image alone: {one.refused}"
    figure, padded = complexity.flops[one.counter].flops, prod(-(-n // _PADDED) for n in one.size)
    alike = one.flops * height * width / (padded * _PADDED**2)
    if figure >= (1 - _CHEAPER) * alike:
        return ""
    return (
        f"{one.counter} counts {figure / 1e9:.4g} G on the image that costs are stated for, and "
        f"{one.flops / 1e9:.4g} G for as many pixels of an ordinary one of {height}x{width}: it "
        "does less there, or has attention over the whole image"
    )


def _uncounted_work(work: Work) -> list[str]:
    """Hold what a small forward computed, and the time it took, to what is counted of it."""
    said = []
    done = work.macs + work.results
    if work.macs < _COUNTED * done and work.results > _RESULTS * work.pixels:
        said.append(
            f"{work.macs / done:.0%} of what its operators compute for {work.pixels} pixels is "
            f"counted: {work.macs / 1e6:.3g} M multiply-accumulates beside "
            f"{work.results / 1e6:.3g} M results, element by element"
        )
    spent, explained = work.processor_ms, work.explained_ms + _CALLING_MS * work.operators
    if spent - explained > max(_UNEXPLAINED_MS, (1 - _EXPLAINED) * spent):
        said.append(
            f"of {spent:.3g} ms of the processor for {work.pixels} pixels, PyTorch's operators "
            f"explain {work.explained_ms:.3g} ms: the rest is spent where no counter sees it"
        )
    return said
