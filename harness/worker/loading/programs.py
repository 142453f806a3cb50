"""Exported programs: TorchScript archives, `torch.export` programs and ONNX graphs.

They have no modules whose calls could be watched, and no precision or device but the one they
were loaded in. What they learnt is what operators with weights take from their constants.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from harness.errors import ForwardError, LoadingError
from harness.records import Manifest
from harness.worker.loading.faults import guarded
from harness.worker.loading.network import Loaded, Network

Forward = Callable[[torch.Tensor], torch.Tensor]
# of operators that take them, the constants that are learnt; a subtracted mean is not
_LEARNT_TORCH = ("conv", "linear", "addmm", "mm", "matmul", "prelu", "norm", "mul", "add")
_WHOLE = (torch.int8, torch.uint8, torch.int16)
_LEARNT_ONNX = ("Conv", "Gemm", "MatMul", "PRelu", "Norm", "Mul", "Add")


class Program(torch.nn.Module):
    """An exported program as a network; its weights are parameters, so that they are counted.

    `graph` is the ONNX graph, which counters read, or None where operators reach the dispatcher.
    """

    def __init__(
        self,
        forward: Forward,
        weights: Mapping[str, torch.Tensor],
        about: str,
        graph: Any = None,
    ) -> None:
        super().__init__()
        self._forward, self.about, self.graph = forward, about, graph
        for name, weight in weights.items():
            parameter = torch.nn.Parameter(weight, requires_grad=False)
            self.register_parameter(name.replace(".", "_"), parameter)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        """Map LR to SR."""
        return self._forward(lr)

    def weight_types(self) -> set[str]:
        """Return the types of its weights: `float32`, `int8`, ..."""
        return {str(p.dtype).removeprefix("torch.") for p in self.parameters()}

    def description(self) -> str:
        """Return what readers should know of it: kind, size, how its weights are kept."""
        weights = list(self.parameters())
        bits = 8 * sum(p.element_size() * p.numel() for p in weights)
        each = bits / max(1, sum(p.numel() for p in weights))
        return (
            f"{self.about}, weights {', '.join(sorted(self.weight_types()))}, {each:.3g} bits each"
        )

    def _apply(self, fn: Any, recurse: bool = True) -> "Program":
        raise LoadingError("an exported program runs as it was exported, in no other form")


def load(manifest: Manifest, folder: Path, device: torch.device) -> Loaded:
    """Load the program of `manifest`, whose files lie in `folder`, on `device`.

    Raises LoadingError.
    """
    model = manifest.model
    file = folder / model.file
    loader = {"torchscript": _torchscript, "pt2": _exported, "onnx": _onnx}[model.format]
    program: Program = guarded(
        lambda: loader(file, device, model.scale), f"loading the {model.format} program {file.name}"
    )
    return Loaded(Network.of(program.eval(), model), complete=True)


def _about(kind: str, file: Path) -> str:
    return f"{kind} of {file.stat().st_size / 1e3:.0f} kB"


# ------------------------------------------------------------ programs of torch


def _torchscript(file: Path, device: torch.device, scale: int) -> Program:
    program = torch.jit.load(file, map_location=device).eval()  # type: ignore[no-untyped-call]
    weights = dict(program.named_parameters()) or dict(_frozen(program))
    return Program(_called(program), weights, _about("a TorchScript archive", file))


def _frozen(program: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the learnt constants of a frozen archive, which has no parameters any more."""
    graph = program.inlined_graph  # its nodes live as long as it is held
    for node in graph.findAllNodes("prim::Constant"):
        output = node.output()
        users = [use.user.kind() for use in output.uses()]
        if output.type().kind() == "TensorType" and node.hasAttribute("value"):
            value = node.t("value")
            if value.dim() and any(_takes(kind, _LEARNT_TORCH) for kind in users):
                yield output.debugName(), value.detach()


def _exported(file: Path, device: torch.device, scale: int) -> Program:
    # registers the operators of programs that were quantised
    import torch.ao.quantization.fx._decomposed  # noqa: F401
    from torch.export import load as load_exported
    from torch.export.passes import move_to_device_pass

    program = load_exported(file)
    module = move_to_device_pass(program, device).module()
    weights = _learnt_exported(program, module)
    return Program(_called(module), weights, _about("a torch.export program", file))


def _learnt_exported(program: Any, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a program's parameters; where it was quantised, whole numbers in place of the unused.

    Quantising by `convert_pt2e` leaves the parameters where they were, and freezes what they became
    as buffers.
    """
    weights: dict[str, torch.Tensor] = dict(module.named_parameters())
    signature, state = program.graph_signature, dict(module.named_buffers())
    used = {node.name for node in program.graph.nodes if node.op == "placeholder" and node.users}
    inputs = signature.inputs_to_buffers.items()
    names = [target for name, target in inputs if name in used and target in state]
    frozen = {n: state[n] for n in names if state[n].dtype in _WHOLE and state[n].dim() > 1}
    if not frozen:
        return weights
    kept = {target for name, target in signature.inputs_to_parameters.items() if name in used}
    return {name: value for name, value in weights.items() if name in kept} | frozen


def _called(program: Any) -> Forward:
    """Wrap a program of torch, which would be a part of the Program, weights and all, otherwise."""

    def forward(lr: torch.Tensor) -> torch.Tensor:
        sr: torch.Tensor = program(lr)
        return sr

    return forward


def _takes(kind: str, names: tuple[str, ...]) -> bool:
    return any(name in kind for name in names)


# ------------------------------------------------------------ ONNX


def _onnx(file: Path, device: torch.device, scale: int) -> Program:
    try:
        import onnx
        import onnxruntime
    except ModuleNotFoundError as error:
        raise LoadingError(
            f"an ONNX program needs the package {error.name}, which is not installed here; "
            'install the harness with its extra: "esr-harness[onnx]"'
        ) from error
    graph = onnx.load(file)
    weights = {
        name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
        for name, tensor in _learnt(graph.graph)
    }
    opset = max(entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx"))
    about = f"{_about('an ONNX graph', file)}, opset {opset}"
    return Program(_Session(onnxruntime, file, device, scale), weights, about, graph)


def _learnt(graph: Any) -> Iterator[tuple[str, Any]]:
    """Yield the initialisers that are weights, those that reach an operator dequantised too."""
    initialisers = {tensor.name: tensor for tensor in graph.initializer}
    source = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type in ("DequantizeLinear", "Cast", "Identity", "Transpose")
    }
    found: dict[str, Any] = {}
    for node in graph.node:
        if not _takes(node.op_type, _LEARNT_ONNX):
            continue
        for given in _weight_inputs(node):
            name = given
            while name in source:
                name = source[name]
            if name in initialisers and len(initialisers[name].dims):
                found[name] = initialisers[name]
    yield from found.items()


def _weight_inputs(node: Any) -> list[str]:
    """Leave out scales and zero points of operators on integers."""
    if node.op_type == "QLinearConv":
        return [node.input[3], *node.input[8:]]
    if node.op_type == "QLinearMatMul":
        return [node.input[3]]
    return list(node.input[:2] if node.op_type.endswith("Integer") else node.input)


class _Session:
    """An ONNX graph in onnxruntime; LR and SR stay on the device, in tensors of torch."""

    def __init__(self, runtime: Any, file: Path, device: torch.device, scale: int) -> None:
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        provider: Any = "CPUExecutionProvider"
        if device.type == "cuda":
            stream = torch.cuda.current_stream(device).cuda_stream
            tf32 = int(torch.backends.cuda.matmul.allow_tf32)
            provider = (
                "CUDAExecutionProvider",
                {
                    "device_id": device.index or 0,
                    "user_compute_stream": str(stream),
                    "use_tf32": tf32,
                },
            )
        self._session = runtime.InferenceSession(str(file), options, providers=[provider])
        if device.type == "cuda" and "CUDAExecutionProvider" not in self._session.get_providers():
            raise LoadingError(
                "onnxruntime has no CUDA here, so the graph would run on the CPU; install "
                "onnxruntime-gpu"
            )
        (self._given, *more), (self._gives, *_) = (
            self._session.get_inputs(),
            self._session.get_outputs(),
        )
        if more:
            raise LoadingError(f"the graph takes {1 + len(more)} inputs; it must take the LR image")
        self._device, self._scale = device, scale

    def __call__(self, lr: torch.Tensor) -> torch.Tensor:
        """Map LR to SR, both in the graph's own types."""
        sizes = self._given.shape
        wanted = [side for side in sizes if isinstance(side, int)]
        if any(isinstance(s, int) and s != n for s, n in zip(sizes, lr.shape, strict=False)):
            raise ForwardError(
                f"the graph takes images of {'x'.join(map(str, sizes))} alone, not "
                f"{'x'.join(map(str, lr.shape))} (fixed: {wanted}); export it with a height and "
                "width that vary"
            )
        lr = lr.to(_TYPES[self._given.type]).contiguous()
        height, width = lr.shape[-2:]
        sr = torch.empty(
            (1, lr.shape[1], height * self._scale, width * self._scale),
            dtype=_TYPES[self._gives.type],
            device=self._device,
        )
        binding = self._session.io_binding()
        where = (self._device.type, self._device.index or 0)
        binding.bind_input(
            self._given.name, *where, _NUMPY[lr.dtype], tuple(lr.shape), lr.data_ptr()
        )
        binding.bind_output(
            self._gives.name, *where, _NUMPY[sr.dtype], tuple(sr.shape), sr.data_ptr()
        )
        self._session.run_with_iobinding(binding)
        return sr


_TYPES = {"tensor(float)": torch.float32, "tensor(float16)": torch.float16}
_NUMPY = {torch.float32: "float32", torch.float16: "float16"}
