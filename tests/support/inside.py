"""The worker's answers without a worker: a network, restored by this process itself."""

from pathlib import Path
from types import SimpleNamespace

from torch.utils._python_dispatch import _disable_current_modes

from harness.errors import ForwardError
from harness.sandbox.exchange import Called
from harness.worker.desk import Desk
from harness.worker.exchange import Ask, Asked
from harness.worker.loading.network import Loaded
from harness.worker.pixels import to_input
from harness.worker.service import Restorer
from harness.worker.witness import Witness


class Here(Desk):
    """Makes LR out of a fake GPU's sight, as the host does, and copies it there."""

    def on_device(self, lr):
        with _disable_current_modes():
            made = to_input(lr, self.job.manifest.model.data_range)
        return made.clone()


class Inside:
    """Has images restored as the exchange does, by the device's clock on both sides."""

    def __init__(self, network, device, data_range=255.0):
        job = SimpleNamespace(
            manifest=SimpleNamespace(model=SimpleNamespace(data_range=data_range))
        )
        desk = Here(job, Path(), device, Loaded(network, complete=True), Witness(device))
        self.restorer = Restorer(desk)
        self.restorer.rest()

    def _asked(self, what, lr=None, calls=0, seconds=0.0):
        height, width = (0, 0) if lr is None else lr.shape[:2]
        answer, sr = self.restorer.answer(Asked(what, height, width, calls, seconds), lr)
        if answer.refused:
            raise ForwardError(answer.refused)
        return answer, None if sr is None else sr.copy()

    def called(self, lr):
        answer, sr = self._asked(Ask.CALL, lr)
        self.restorer.rest()
        return Called(sr, answer.ms, answer, answer.ms)

    def in_a_row(self, lr, calls=1, seconds=0.0):
        answer, _ = self._asked(Ask.ROW, lr, calls, seconds)
        self.restorer.rest()
        return answer.calls, answer.ms

    def replayed(self, lr):
        try:
            return self._asked(Ask.REPLAY, lr)[0].ms
        except ForwardError:
            return None

    def release(self):
        self._asked(Ask.RELEASE)

    def settle(self):
        self._asked(Ask.SETTLE)
