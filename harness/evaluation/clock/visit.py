"""A visit: warm-up on every size, then sweeps in shuffled order."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from hashlib import sha256
from time import monotonic

from harness.evaluation.clock.calls import Caller, Calls, Differing, Sample
from harness.evaluation.clock.perturbation import Perturbation
from harness.evaluation.clock.warm_up import WarmUp
from harness.records import Burst, TimingPolicy, Visit, pixels
from harness.sandbox.exchange import Called
from harness.worker.devices import Device

_LAUNCHED, _IN_A_ROW = 3, 10  # images of a split and visit; calls back to back on each
_ROW_MS = 50.0  # of calls on one image in a burst, so that putting it on the device matters little


def measure(
    caller: Caller,
    images: Sequence[Sample],
    device: type[Device],
    policy: TimingPolicy,
    *,
    progress: Callable[[int], None],
    seed: int,
    differs: Callable[[Differing], None] = lambda one: None,
) -> Visit:
    """Time calls on `images`, split by split. Raises ForwardError.

    `fair`: every image size of a split is run untimed until it is warm, then come `policy.sweeps`
    passes over all its images, each in an order drawn from `policy.seed`. `official`: one pass,
    cold, in the order of the images. One LR image is on the device at a time, a fresh copy. The
    peak of memory is that of the timed calls alone. `device` is the kind that the calls are made
    on: it is only asked what it is.

    `fair` warms up on LR that is perturbed as drawn from `seed`, and after the sweeps calls some
    images of the split once more on LR perturbed anew, over all rounds about every image once:
    what a network remembers of an image by its content, it does not have for these. `differs` is
    told of timed calls whose SR images are not those that are known of the samples. Where the
    policy asks for energy and the device may count it, a burst of each split follows. On a GPU,
    last of all, some images run back to back and as CUDA graphs, to tell what launches cost.
    """
    began_s = monotonic()
    warm_up = WarmUp(device, policy)
    orders, perturbation = random.Random(policy.seed), Perturbation(seed)
    found: dict[str, _Split] = {}
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress(done)

    for split in dict.fromkeys(image.split for image in images):
        own = [image for image in images if image.split == split]
        made = _Split(Calls(caller, own, perturbation), device, policy, differs)
        if policy.policy == "fair":
            warm_up.up(made.calls)
        made.sweep(orders, advance)
        if policy.policy == "fair":
            made.again(perturbation.draw(len(own), max(1, policy.rounds)))
            made.burst()
        found[split] = made
    if policy.policy == "fair" and device.is_gpu:
        for made in found.values():
            made.in_a_row(few := made.drawn[:_LAUNCHED])
            made.graphs(few)
    return Visit(
        samples_ms={split: _frozen(made.samples) for split, made in found.items()},
        peak_bytes={split: made.peak for split, made in found.items()},
        memory_kind=device.memory_kind,
        digests={split: made.digests() for split, made in found.items()},
        warm_up=warm_up.passes,
        began_s=began_s,
        ended_s=monotonic(),
        reserved_bytes={s: made.reserved for s, made in found.items() if made.reserved is not None},
        whole_ms={split: _frozen(made.whole) for split, made in found.items() if any(made.whole)},
        referee_ms={split: _frozen(made.referee) for split, made in found.items()},
        host_ms={split: _frozen(made.host) for split, made in found.items() if any(made.host)},
        launch_ms={s: _frozen(made.launch) for s, made in found.items() if any(made.launch)},
        sweeps_s={split: made.sweeps_s for split, made in found.items()},
        perturbed_ms={split: made.perturbed for split, made in found.items()},
        perturbation_seed=seed,
        row_ms={split: made.rows for split, made in found.items() if made.rows},
        graph_ms={split: made.graph for split, made in found.items() if made.graph},
        bursts={split: made.energy for split, made in found.items() if made.energy},
        flags=warm_up.flags(),
    )


def _frozen(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in rows)


def _one(digests: Sequence[str]) -> str:
    return digests[0] if len(set(digests)) == 1 else sha256("".join(digests).encode()).hexdigest()


class _Split:
    """The timed calls on one split, and what they gave."""

    def __init__(
        self,
        calls: Calls,
        device: type[Device],
        policy: TimingPolicy,
        differs: Callable[[Differing], None],
    ) -> None:
        self.calls, self._device, self._policy, self._differs = calls, device, policy, differs
        self._count = len(calls.images)
        # image -> sweep
        self.samples, self.referee, self.whole, self.host, self.launch = (
            [list[float]() for _ in calls.images] for _ in range(5)
        )
        self._seen: list[list[str]] = [[] for _ in calls.images]  # digests, by sweep
        self.peak = 0
        self.reserved: int | None = None
        self.sweeps_s = (0.0, 0.0)
        self.drawn: Sequence[int] = ()
        self.perturbed: tuple[tuple[int, float], ...] = ()
        self.energy: Burst | None = None
        self.rows: tuple[tuple[int, float], ...] = ()
        self.graph: tuple[tuple[int, float], ...] = ()

    def sweep(self, orders: random.Random, advance: Callable[[], None]) -> None:
        """Make the timed passes over the images."""
        self.calls.caller.settle()
        began_s = monotonic()
        for _ in range(1 if self._policy.policy == "official" else self._policy.sweeps):
            for index in self._order(orders):
                self._call(index)
                advance()
        self.sweeps_s = (began_s, monotonic())

    def _order(self, orders: random.Random) -> Sequence[int]:
        every = range(self._count)
        return every if self._policy.policy == "official" else orders.sample(every, self._count)

    def _call(self, index: int) -> None:
        called = self.calls.timed(index)
        told = called.told
        self.peak = max(self.peak, told.peak_bytes)
        if told.reserved_bytes is not None:
            self.reserved = max(self.reserved or 0, told.reserved_bytes)
        taken = (
            (self.samples, called.ms),
            (self.referee, called.referee_ms),
            (self.whole, told.whole_ms),
            (self.host, told.host_ms),
            (self.launch, told.launch_ms),
        )
        for kept, ms in taken:
            kept[index] += [] if ms is None else [ms]
        self._seen[index].append(pixels.digest(called.sr))
        self._compare(index, called, perturbed=False)

    def _compare(self, index: int, called: Called, *, perturbed: bool) -> None:
        if one := self.calls.differing(index, called, perturbed):
            self._differs(one)

    def digests(self) -> tuple[str, ...]:
        """Return the digest that all calls on an image gave; where several, that of them all."""
        return tuple(_one(seen) for seen in self._seen)

    def again(self, drawn: Sequence[int]) -> None:
        """Time calls on perturbed LR."""
        self.drawn, made = drawn, list[tuple[int, float]]()
        for index in drawn:
            called = self.calls.known(index)
            self._compare(index, called, perturbed=True)
            made.append((index, called.ms))
        self.perturbed = tuple(made)

    def burst(self) -> None:
        """Run the images back to back, without a look at the results, for their energy.

        Between timed calls the device waits for the host, for longer than a call takes.
        """
        if not (self._policy.energy and self._device.is_gpu):
            return
        calls = math.ceil(_ROW_MS * self._count / sum(map(statistics.median, self.samples)))
        images, began_s = 0, monotonic()
        while not images or monotonic() - began_s < self._policy.burst_seconds:
            every = range(self._count)
            images += sum(self.calls.in_a_row(index, calls=calls)[0] for index in every)
        self.energy = Burst(began_s, monotonic(), images)

    def in_a_row(self, drawn: Sequence[int]) -> None:
        """Time calls back to back: the host launches the next while the device computes."""
        made = ((index, self.calls.in_a_row(index, calls=_IN_A_ROW)) for index in drawn)
        self.rows = tuple((index, ms / calls) for index, (calls, ms) in made)

    def graphs(self, drawn: Sequence[int]) -> None:
        """Time replays of calls recorded as CUDA graphs, which the host launches at once."""
        made = ((index, self.calls.replayed(index)) for index in drawn)
        self.graph = tuple((index, ms) for index, ms in made if ms is not None)
