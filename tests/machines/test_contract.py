"""What the code asks of torch.cuda, torch.backends and pynvml exists there, with these arguments.

The code is read as a syntax tree; no GPU is asked.
"""

import ast
import inspect
from functools import reduce
from operator import attrgetter

import pynvml
import pytest
import torch

from harness.worker.devices import host
from tests.support.places import ROOT

FILES = sorted((ROOT / "harness").rglob("*.py")) + sorted((ROOT / "benchmarks").glob("gpu_*.py"))
ROOTS = {"torch": torch, "pynvml": pynvml}
# what the clock binds before an entry's code runs, and methods of what torch.cuda makes
BOUND = {
    "self._event": torch.cuda.Event,
    "self._synchronize": torch.cuda.synchronize,
    "self._stream": torch.cuda.current_stream,
}
METHODS = {
    "record": torch.cuda.Event.record,
    "elapsed_time": torch.cuda.Event.elapsed_time,
    "wait_stream": torch.cuda.Stream.wait_stream,
    "replay": torch.cuda.CUDAGraph.replay,
}
ASKING = {"ask": 1, "_asked": 0}  # function that asks NVML -> arguments that it adds


def chain(node):
    """Return `torch.cuda.Event` of the node for it; empty where it is no chain of names."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def nodes():
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            yield file.name, node


def watched(name):
    return name.startswith(("torch.cuda.", "torch.backends.", "pynvml."))


def chains():
    """Return every name below torch.cuda, torch.backends and pynvml."""
    found = {chain(node) for _, node in nodes() if isinstance(node, ast.Attribute)}
    return sorted(name for name in found if watched(name))


def questions():
    """Return every call of a function of NVML by its name, with the arguments beside the handle."""
    for file, node in nodes():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = chain(node.func).rpartition(".")[2]
            if function in ASKING and str(node.args[0].value).startswith("nvml"):
                yield file, node.args[0].value, len(node.args) - 1 + ASKING[function]


def calls():
    for file, node in nodes():
        if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
            continue
        name = chain(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        keywords = dict.fromkeys(one.arg for one in node.keywords if one.arg)
        if watched(name) or name in BOUND:
            yield pytest.param(name, len(node.args), keywords, id=f"{file}-{name}-{node.lineno}")
        elif method in METHODS and file in ("cuda.py", "graph.py", "gpu_smoke.py"):
            count = len(node.args) + 1
            yield pytest.param(method, count, keywords, id=f"{file}-{method}-{node.lineno}")


def resolved(name):
    if name in BOUND or name in METHODS:
        return BOUND.get(name) or METHODS[name]
    root, *parts = name.split(".")
    return reduce(getattr, parts, ROOTS[root])


@pytest.mark.parametrize("name", chains())
def test_the_name_exists(name):
    assert resolved(name) is not torch  # or an AttributeError


@pytest.mark.parametrize(("name", "count", "keywords"), list(calls()))
def test_the_call_has_arguments_that_it_takes(name, count, keywords):
    called = resolved(name)
    try:
        signature = inspect.signature(called)
    except ValueError:  # written in C, without one
        pytest.skip(f"{name} tells no signature")
    signature.bind(*[None] * count, **keywords)


@pytest.mark.parametrize(("file", "function", "count"), list(questions()))
def test_nvml_has_the_function(file, function, count):
    asked = getattr(pynvml, function, None)
    if asked is None:  # renamed; the code asks for both names
        assert function == "nvmlDeviceGetCurrentClocksThrottleReasons"
    else:
        inspect.signature(asked).bind(*[None] * count)


def test_enough_is_found():
    assert len(chains()) > 20
    assert len(list(questions())) > 10
    assert len(list(calls())) > 20


@pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="PyTorch before 2.9")
@pytest.mark.parametrize("name", host.WATCHED)
def test_the_switch_exists(name):
    attrgetter(name)(torch.backends)
