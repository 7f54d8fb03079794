"""ONNX files whose weights lie in the checkpoint beside them, and are there but once.

An initialiser of ONNX may lie in another file, from a byte on; a checkpoint of safetensors is bare
numbers behind a header that says where each tensor begins. So a graph points into the checkpoint,
and casts what has 16 bits a number. What the checkpoint does not hold stands in the graph.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from timbre.core.files import replacing
from timbre.runtime.graph_files import METADATA

OPSET = 18
NUMPY_TYPES = {"F16": np.float16, "F32": np.float32}  # of safetensors
MIN_TRANSPOSED_BYTES = 1024  # bytes, of what is looked for under another name
MODEL_PREFIX = "model."  # begins names of what the exported module got from the checkpoint

Axes = dict[int, Any] | None  # which are dynamic


def trace(
    module: nn.Module,
    inputs: dict[str, Tensor],
    axes: Sequence[Axes],
    outputs: Sequence[str],
    variadic: int = 0,
) -> onnx.ModelProto:
    """The graph of a module.

    Args:
        module: in evaluation mode.
        inputs: examples by name, in the order of its arguments.
        axes: of each of them.
        outputs: names.
        variadic: how many of the last inputs are one argument, `*args`.
    """
    cut = len(inputs) - variadic
    shapes: list[Any] = list(axes[:cut])
    if variadic:
        shapes.append(tuple(axes[cut:]))
    with _quietly(), torch.no_grad():
        program = torch.onnx.export(
            module.eval(), tuple(inputs.values()), dynamo=True, opset_version=OPSET,
            dynamic_shapes=tuple(shapes), input_names=list(inputs), output_names=list(outputs),
            verbose=False,
        )  # fmt: skip
    assert program is not None
    proto: onnx.ModelProto = program.model_proto
    return proto


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave out what the exporter says of packages that are not needed."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def write(
    path: Path, proto: onnx.ModelProto, weights: Path, prefix: str, about: dict[str, Any]
) -> None:
    """Write a graph beside the checkpoint that it points into, whole or not at all.

    Args:
        path: of the file.
        proto: the graph, which is changed.
        weights: the checkpoint, in the same folder.
        prefix: begins the checkpoint's names of what the module calls `model`.
        about: what the tools know of it, kept in the metadata.
    """
    _strip(proto)
    _point_into(proto, weights, prefix)
    del proto.metadata_props[:]
    proto.metadata_props.add(key=METADATA, value=json.dumps(about, sort_keys=True))
    with replacing(path) as temporary:
        temporary.write_bytes(proto.SerializeToString(deterministic=True))


def write_whole(path: Path, proto: onnx.ModelProto, about: dict[str, Any]) -> None:
    """Write a graph that holds its weights, whole or not at all.

    What 16 bits a number can hold takes so many, and is cast.

    Args:
        path: of the file.
        proto: the graph, which is changed.
        about: what the tools know of it, kept in the metadata.
    """
    _strip(proto)
    kept, casts = [], []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16) if values.dtype == np.float32 else values
        if values.dtype != np.float32 or not np.array_equal(half.astype(np.float32), values):
            kept.append(tensor)
            continue
        stored = numpy_helper.from_array(half, f"{tensor.name}.stored")
        kept.append(stored)
        casts.append(
            onnx.helper.make_node("Cast", [stored.name], [tensor.name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *proto.graph.node]
    del proto.graph.initializer[:], proto.graph.node[:], proto.metadata_props[:]
    proto.graph.initializer.extend(kept)
    proto.graph.node.extend(nodes)
    proto.metadata_props.add(key=METADATA, value=json.dumps(about, sort_keys=True))
    with replacing(path) as temporary:
        temporary.write_bytes(proto.SerializeToString(deterministic=True))


def _strip(proto: onnx.ModelProto) -> None:
    """Take out what nobody runs: shapes in between, and stack traces, in which paths stand."""
    graph = proto.graph
    assert not proto.functions
    del graph.value_info[:]
    del graph.metadata_props[:]
    del graph.quantization_annotation[:]
    graph.name, graph.doc_string, proto.doc_string = "timbre", "", ""
    for each in [*graph.node, *graph.input, *graph.output, *graph.initializer]:
        del each.metadata_props[:]
        each.doc_string = ""


def _point_into(proto: onnx.ModelProto, weights: Path, prefix: str) -> None:
    """Let initialisers that the checkpoint holds, as they are or transposed, lie there."""
    checkpoint = _Checkpoint(weights)
    initializers, nodes = [], []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        match = checkpoint.find(values, prefix + tensor.name.removeprefix(MODEL_PREFIX))
        if match is None:
            initializers.append(tensor)
            continue
        name, is_transposed = match
        outside = checkpoint.tensor(name, f"{tensor.name}.stored")
        last = f"{tensor.name}.single" if is_transposed else tensor.name
        initializers.append(outside)
        cast = onnx.helper.make_node("Cast", [outside.name], [last], to=onnx.TensorProto.FLOAT)
        nodes.append(cast)
        if is_transposed:
            nodes.append(onnx.helper.make_node("Transpose", [last], [tensor.name], perm=[1, 0]))
    nodes += proto.graph.node
    del proto.graph.initializer[:], proto.graph.node[:]
    proto.graph.initializer.extend(initializers)
    proto.graph.node.extend(nodes)


class _Checkpoint:
    """Where the numbers of a checkpoint lie."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
        self._path, self._begin = path, 8 + size
        self._entries = {
            name: each for name, each in header.items() if each.get("dtype") in NUMPY_TYPES
        }
        self._bytes = np.memmap(path, np.uint8, "r")

    def find(self, values: NDArray[Any], name: str) -> tuple[str, bool] | None:
        """Name of the tensor with such values, most likely `name`, and whether it is transposed."""
        if values.dtype != np.float32:
            return None
        if name in self._entries and self._is(name, values):
            return name, False
        if values.ndim != 2 or values.nbytes < MIN_TRANSPOSED_BYTES:
            return None
        # the exporter folds what is transposed, and gives it another name
        return next(((each, True) for each in self._entries if self._is(each, values.T)), None)

    def _is(self, name: str, values: NDArray[Any]) -> bool:
        entry = self._entries[name]
        if entry["shape"] != list(values.shape):
            return False
        begin, end = (self._begin + each for each in entry["data_offsets"])
        stored = np.frombuffer(self._bytes[begin:end].tobytes(), NUMPY_TYPES[entry["dtype"]])
        return np.array_equal(stored.astype(np.float32).reshape(values.shape), values)

    def tensor(self, name: str, called: str) -> onnx.TensorProto:
        """A tensor of the file, under another name."""
        entry = self._entries[name]
        begin, end = entry["data_offsets"]
        proto = onnx.TensorProto(
            name=called,
            dims=entry["shape"],
            data_type=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(NUMPY_TYPES[entry["dtype"]])),
            data_location=onnx.TensorProto.EXTERNAL,
        )
        where = {
            "location": self._path.name, "offset": self._begin + begin, "length": end - begin,
        }  # fmt: skip
        for key, value in where.items():
            proto.external_data.add(key=key, value=str(value))
        return proto
