"""The pages of a competition in Markdown, from its protocol alone. Organisers edit them freely."""

from collections.abc import Iterable, Iterator, Sequence

from harness.codabench.competition import Phase
from harness.records import Protocol, Reference, Track
from harness.uploads.readme import TEMPLATE

_METRICS = {
    "runtime_ms": "runtime",
    "flops": "FLOPs",
    "params": "parameters",
    "activations": "activations",
    "memory_mib": "memory",
}


def overview(
    protocol: Protocol, phases: Sequence[Phase], references: Sequence[Reference], link: str
) -> str:
    """Return the first page: the task, the phases, what is uploaded."""
    return "\n".join(_overview(protocol, phases, references, link)) + "\n"


def _overview(
    protocol: Protocol, phases: Sequence[Phase], references: Sequence[Reference], link: str
) -> Iterator[str]:
    yield f"# {protocol.title}\n"
    yield (
        f"Restore the high-resolution image from one that was made {protocol.scale} times smaller "
        "on each side. Upload the SR images; the leaderboard says how close they are.\n"
    )
    yield "| Phase | Split | Images | From (UTC) | To (UTC) |\n|---|---|---|---|---|"
    for phase, reference in zip(phases, references, strict=True):
        dates = f"{phase.start:%Y-%m-%d %H:%M} | {phase.end:%Y-%m-%d %H:%M}"
        yield f"| {phase.name} | {phase.split.name} | {len(reference.images)} | {dates} |"
    where = f"[here]({link})" if link else "under *Files*"
    yield f"\nThe LR images are {where}.\n"
    yield "## What to upload\n"
    yield from _code() if phases[0].code else _images(protocol, references[0])
    if any(phase.split.private for phase in phases):
        hidden = ", ".join(phase.name for phase in phases if phase.split.private)
        yield f"Scores of the phase {hidden} are hidden until the challenge ends.\n"


def _code() -> Iterator[str]:
    yield (
        "A ZIP file that holds, without a folder around them, a `submission.toml`, the network's "
        "file and its checkpoint. It is loaded, restores every LR image and is timed once, each in "
        "a process of its own.\n"
    )


def _images(protocol: Protocol, reference: Reference) -> Iterator[str]:
    first = reference.images[0]
    yield (
        "A ZIP file that holds, without a folder around them, the SR image of every LR image "
        f"(`{first.names[0]}` or `{first.names[-1]}`; PNG, RGB, 8 bits, {protocol.scale} times "
        "as large as the LR image) and a `readme.txt`:\n"
    )
    yield "".join(f"    {line}\n" for line in TEMPLATE.splitlines())
    yield (
        "`python check.py UPLOAD.zip` of the starting kit (*Files*) says beforehand what would be "
        "refused; it needs numpy and Pillow.\n"
    )


def evaluation(protocol: Protocol, phases: Sequence[Phase]) -> str:
    """Return the page on scores: PSNR and SSIM, thresholds, the final ranking."""
    return "\n".join(_evaluation(protocol, phases)) + "\n"


def _evaluation(protocol: Protocol, phases: Sequence[Phase]) -> Iterator[str]:
    colour = {"rgb": "the three channels of RGB", "y": "luma (ITU-R BT.601)"}[protocol.colour]
    yield "# Evaluation\n"
    yield (
        f"PSNR and SSIM are taken over {colour} of 8-bit images, with {protocol.border} pixels cut "
        "on every side, and averaged over the images of a split. SSIM has a Gaussian window of "
        "11 x 11 with sigma 1.5, whole windows only.\n"
    )
    if not any(phase.code for phase in phases):
        yield (
            "Runtime, parameters and extra data on the leaderboard are what the `readme.txt` "
            "reports. The final ranking does not use them: the organisers measure every entry's "
            "code.\n"
        )
    limits = [phase.split for phase in phases if phase.split.threshold]
    if limits:
        yield "## Thresholds\n"
        yield "An entry is ranked only if its mean PSNR reaches, rounded to the decimals shown:\n"
        for split in limits:
            assert split.threshold
            limit = split.threshold
            yield f"- {limit.db:.{limit.decimals}f} dB on {split.name} ({limit.source})"
        yield ""
    for number, track in enumerate(protocol.tracks):
        yield from _track(track, protocol, main=number == 0)


def _track(track: Track, protocol: Protocol, main: bool) -> Iterator[str]:
    yield f"## {'The final ranking' if main else f'Track {track.name}'}\n"
    terms = list(track.weights.items())
    if track.method == "exp_ratio":
        baseline = next(iter(protocol.baseline.names), "the baseline")
        parts = (
            f"{'' if weight == 1 else f'{weight:g} x '}exp(2 x {_METRICS[metric]} / "
            f"{_METRICS[metric]} of {baseline})"
            for metric, weight in terms
        )
        yield f"    score = {_sum(parts)}\n"
        yield f"Less is better ({track.source}).\n"
        return
    ranks = (f"{weight:g} x rank in {_METRICS[metric]}" for metric, weight in terms)
    yield f"    score = {_sum(ranks)}\n"
    yield f"Less is better; ranks are among the eligible entries ({track.source}).\n"


def _sum(terms: Iterable[str]) -> str:
    return "\n          + ".join(terms)


def terms(protocol: Protocol) -> str:
    """Return the terms that a team accepts. They are a draft, for the organisers to complete."""
    return (
        f"# Terms of {protocol.title}\n\n"
        "- SR images are made by the network that is described, one image at a time, from the LR "
        "image alone.\n"
        "- HR images of the validation and test splits enter neither training nor restoring.\n"
        "- Data beyond the official training sets is stated as extra data in the `readme.txt`.\n"
        "- Runtime and parameters in the `readme.txt` are the team's own statement.\n"
        "- To be ranked, a team hands in code and weights, which the organisers run and measure, "
        "and a factsheet.\n"
        "- The organisers may leave out an entry whose code does not give the SR images that were "
        "uploaded.\n"
    )
