"""Keeps its weights, or does its work, where an honest look at its modules does not see it.

All kinds restore the same: a convolution, whose output is shuffled to the larger image.
"""

import concurrent.futures
import ctypes

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

WIDTH = 48
GLOBAL = None


def spare(many):
    return torch.rand(many, generator=torch.Generator().manual_seed(1))


class Network(nn.Module):
    """An honest one, but for what its kind adds."""

    def __init__(self, kind):
        super().__init__()
        self.first = nn.Conv2d(3, WIDTH, 3, padding=1, bias=False)
        self.extra = lambda x: 0
        self.convolve = self.first.forward
        getattr(self, kind.replace(" ", "_"))()

    def forward(self, x):
        return F.pixel_shuffle(self.convolve(x) + self.extra(x), 4)

    # ------------------------------------------------------------ weights

    def nothing(self):
        pass

    def in_a_buffer(self):
        self.register_buffer("mean", spare(10_000))
        self.extra = lambda x: self.mean.sum() * 0

    def in_a_closure(self):
        kept = spare(10_000)
        self.extra = lambda x: kept.sum() * 0

    def in_a_global(self):
        global GLOBAL
        GLOBAL = spare(10_000)
        self.extra = lambda x: GLOBAL.sum() * 0

    def in_numpy(self):
        self.table = {"a": (spare(10_000).numpy().copy(),)}
        self.extra = lambda x: float(self.table["a"][0].sum()) * 0

    def in_an_array_of_its_own_kind(self):
        self.table = spare(10_000).numpy().copy().view(type("Table", (np.ndarray,), {}))
        self.extra = lambda x: float(self.table.sum()) * 0

    def in_bytes(self):
        self.coded = spare(10_000).numpy().tobytes()
        self.extra = lambda x: float(np.frombuffer(self.coded, np.float32).sum()) * 0

    def in_python_s_numbers(self):
        self.rows = [row.tolist() for row in spare(10_000).view(100, 100)]
        self.extra = lambda x: torch.tensor(self.rows).sum() * 0

    def in_the_bits_of_integers(self):
        self.coded = spare(10_000).view(torch.int32)
        self.extra = lambda x: self.coded.view(torch.float32).sum() * 0

    def behind_a_small_parameter(self):
        self.corner = nn.Parameter(spare(10_000)[:1])
        self.extra = lambda x: self.corner.as_strided((10_000,), (1,)).sum() * 0

    def on_another_module(self):
        torch.nn.table = spare(10_000)
        self.extra = lambda x: torch.nn.table.sum() * 0

    # ------------------------------------------------------------ work

    def work_in_numpy(self):
        table = np.random.default_rng(0).random((256, 256), np.float32)
        self.extra = lambda x: float(sum((table @ table).sum() for _ in range(40))) * 0

    def work_in_a_thread(self):
        pool = concurrent.futures.ThreadPoolExecutor(1)
        layer = nn.Conv2d(3, 64, 9, padding=4)

        def work(x):
            with torch.no_grad():
                return sum(layer(x).sum() for _ in range(10)) * 0

        self.extra = lambda x: pool.submit(work, x).result()

    def work_in_an_operator(self):
        @torch.library.custom_op("mine::work", mutates_args=())
        def work(x: torch.Tensor) -> torch.Tensor:
            kernel = torch.ones(64, 3, 9, 9)
            return sum(F.conv2d(x, kernel, padding=4).sum() for _ in range(10)) * 0

        self.extra = work

    def work_in_machine_code(self):
        libc = ctypes.CDLL(None)
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        numbers = (ctypes.c_int * 30_000)()

        def work(x):
            numbers[:] = range(30_000)
            compare = kind(lambda a, b: -1)
            libc.qsort(numbers, 30_000, 4, compare)
            return 0

        self.extra = work

    def work_by_element(self):
        """Convolve without a convolution: products and sums of shifted images."""

        def convolved(x):
            padded, kernels = F.pad(x, (1, 1, 1, 1)), self.first.weight
            height, width = x.shape[-2:]
            return sum(
                padded[:, c : c + 1, i : i + height, j : j + width]
                * kernels[:, c, i, j, None, None]
                for c in range(3)
                for i in range(3)
                for j in range(3)
            )

        self.convolve = convolved
