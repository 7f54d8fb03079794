"""Sessions of ONNX Runtime over graphs that know which weights they belong to."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbre.core.errors import InputError
from timbre.runtime.graph_files import METADATA

# from its import on it would leave a file in the temporary folder and tell its makers of its use
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as faults

onnxruntime.disable_telemetry_events()

FAULTS = (  # its exceptions have no class in common
    faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf,
    faults.NoSuchFile, faults.NotImplemented, faults.RuntimeException,
)  # fmt: skip


class Session:
    """A graph, ready to run on the CPU.

    Args:
        path: of the graph.
        sha256: of the weights that it must point into.

    Attributes:
        about: what its metadata tell.
        inputs: their names.
        outputs: theirs.

    Raises:
        InputError: if the file is missing, damaged, or of other weights.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # threads that spin while they wait take the core from those they wait for
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if (threads := os.getenv("OMP_NUM_THREADS", "")).isdecimal():
            options.intra_op_num_threads = int(threads)
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except FAULTS as error:
            raise InputError(
                f"expected an exported graph in {path}, got {str(error).splitlines()[0]}; "
                "please export it again with `timbre export`."
            ) from error
        metadata = self._session.get_modelmeta().custom_metadata_map.get(METADATA, "{}")
        self.about: dict[str, Any] = json.loads(metadata)
        if self.about.get("weights_sha256") != sha256:
            raise InputError(
                f"expected the graph of the weights beside it in {path}, got that of others; "
                "please export it again with `timbre export`."
            )
        self.inputs = tuple(each.name for each in self._session.get_inputs())
        self.outputs = tuple(each.name for each in self._session.get_outputs())

    def __call__(self, **inputs: Any) -> list[NDArray[np.float32]]:
        """The outputs; inputs that the graph does not take are left out."""
        feeds = {name: inputs[name] for name in self.inputs}
        outputs: list[NDArray[np.float32]] = self._session.run(None, feeds)
        return outputs
