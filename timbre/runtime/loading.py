"""Choice and loading of the backend that computes a transfer."""

from pathlib import Path
from typing import Any

from timbre.core.errors import InputError
from timbre.runtime import graph_files
from timbre.runtime.backend import Backend

BACKENDS = ("onnx", "torch")


def load(
    name: str, weights: Path, device: str | None = None, backend: str | None = None
) -> Backend[Any]:
    """A model and the vocoder.

    Args:
        name: of the model.
        weights: folder of models or checkpoints.
        device: `cpu`, or one of PyTorch's, which then computes.
        backend: one of `BACKENDS`; unless given ONNX Runtime where graphs lie beside the weights
            and the device is the CPU, else PyTorch.

    Raises:
        InputError: if something is missing, damaged, or does not fit the rest.
    """
    if backend not in (None, *BACKENDS):
        raise InputError(
            f"expected a backend of {' and '.join(BACKENDS)}, got {backend!r}; "
            "please give one of these."
        )
    if backend == "onnx" and device not in (None, "cpu"):
        raise InputError(
            f"expected the device cpu for the backend onnx, got {device!r}; please leave one of "
            "the two out."
        )
    graphs = graph_files.there(weights, name)
    if backend == "onnx" and not graphs:
        raise InputError(
            f"expected exported graphs of {name} and the vocoder in {weights}, some are missing; "
            "please make them with `timbre export`, or leave --backend out."
        )
    if backend == "torch" or device not in (None, "cpu") or not graphs:
        from timbre.runtime.torch_backend import TorchBackend  # PyTorch takes a second

        return TorchBackend.load(name, weights, device)
    from timbre.runtime.onnx_backend import OnnxBackend

    return OnnxBackend.load(name, weights)
