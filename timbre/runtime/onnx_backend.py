"""A model and the vocoder in ONNX Runtime, on the CPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.models import card
from timbre.runtime.backend import Backend, Floats
from timbre.runtime.graph_files import SPECTRUM, STYLE, TRANSFER
from timbre.runtime.onnx_session import Session
from timbre.runtime.vocoder import Vocoder


class Style(NamedTuple):
    """How a clip sounds, or several between them; see `timbre.models.style`."""

    vector: Floats  # (1, S)
    frames: Floats  # (1, C, T' / 4), normalised in each clip
    bias: Floats  # (1, T' / 4)
    patches: Floats | None  # (1, P, T' / 4)


class OnnxBackend(Backend[Style]):
    """Graphs that `timbre.export` wrote.

    Args:
        style: mel of a clip -> how it sounds.
        transfer: mel and style -> mel.
        spectrum: mel -> spectrum.

    Raises:
        InputError: if they are for different mels.
    """

    name = "onnx"

    def __init__(self, style: Session, transfer: Session, spectrum: Session) -> None:
        if transfer.about["audio"] != spectrum.about["audio"]:
            raise InputError(
                f"expected the graphs of {transfer.about['name']} and the vocoder to share one "
                "mel, they have different settings; please train the vocoder for the model."
            )
        self._style, self._transfer = style, transfer
        self.audio = Audio.model_validate(transfer.about["audio"])
        self._defaults: dict[str, float] = transfer.about["options"]
        self.options, self.draws = tuple(self._defaults), transfer.about["draws"]
        self.skips_fitting = bool(transfer.about["fitting_steps"])
        self._vocoder = Vocoder(spectrum, self.audio)

    @classmethod
    def load(cls, name: str, weights: Path) -> Self:
        """The graphs in a folder of models.

        Raises:
            InputError: if they are missing, damaged, or of other weights than lie beside them.
        """
        model, vocoder = (card.verified(weights, each) for each in (name, "vocoder"))
        of_model, of_vocoder = sha256(model), sha256(vocoder)
        return cls(
            Session(weights / name / STYLE, of_model),
            Session(weights / name / TRANSFER, of_model),
            Session(weights / "vocoder" / SPECTRUM, of_vocoder),
        )

    def styles(self, mels: Floats) -> list[Style]:
        """See `Backend`."""
        styles = []
        for mel in mels:
            vector, frames, *patches = self._style(mel=mel[None])
            bias = np.zeros((1, frames.shape[2]), np.float32)
            styles.append(Style(vector, frames, bias, patches[0] if patches else None))
        return styles

    def blend(self, styles: Sequence[Style], weights: Sequence[float]) -> Style:
        """See `Backend`."""
        vector = sum(np.float32(w) * s.vector for s, w in zip(styles, weights, strict=True))
        frames = np.concatenate([style.frames for style in styles], axis=2)
        with np.errstate(divide="ignore"):  # what has no weight is not looked at
            # a softmax over all frames gives each clip its weight where the logits are alike
            logits = [
                np.full_like(style.bias, np.log(weight / style.bias.shape[1]))
                for style, weight in zip(styles, weights, strict=True)
            ]
        patches = [style.patches for style in styles if style.patches is not None]
        together = np.concatenate(patches, axis=2) if patches else None
        return Style(np.asarray(vector), frames, np.concatenate(logits, axis=1), together)

    def transfer(
        self, mel: Floats, style: Style, noise: Floats | None, options: dict[str, Any]
    ) -> Floats:
        """See `Backend`."""
        inputs: dict[str, Any] = {"mel": mel[None], **style._asdict()}
        if noise is not None:
            inputs["noise"] = noise[None]
        for option, default in self._defaults.items():
            value = options.get(option)
            inputs[option] = np.array(default if value is None else value, np.float32)
        output: Floats = self._transfer(**inputs)[0][0]
        return output

    def decode(self, mel: Floats) -> Signal:
        """See `Backend`."""
        return self._vocoder(mel)
