"""Cache of style representations, and the blend of several."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from timbre.core.signal import Signal
from timbre.transfer import styles
from timbre.transfer.engine import Engine, Style
from timbre.transfer.settings import TransferSettings

MAX_CACHED_RECORDINGS = 32  # in lists of pairs they come again


class StyleRecording(NamedTuple):
    """Style recording as models hear it."""

    parts: list[Style]  # that count alike
    loudest: Signal  # the loudest part, at the level that models are used to


class StyleCache:
    """Cache of style recordings.

    Args:
        engine: of the model.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recordings: OrderedDict[str, StyleRecording] = OrderedDict()  # by their samples

    def get(self, path: Path) -> StyleRecording:
        """Style of a recording.

        Raises:
            InputError: if it cannot be used.
        """
        audio = self._engine.audio
        samples = styles.read(path, audio)
        key = hashlib.sha256(samples.tobytes()).hexdigest()
        if key not in self._recordings:
            parts = self._engine.styles(styles.parts(samples, str(path), audio))
            [loudest] = styles.parts(samples, str(path), audio, most=1)
            self._recordings[key] = StyleRecording(parts, loudest)
            if len(self._recordings) > MAX_CACHED_RECORDINGS:
                self._recordings.popitem(last=False)
        self._recordings.move_to_end(key)
        return self._recordings[key]

    def blend(self, sounds: Sequence[list[Style]], settings: TransferSettings) -> Style:
        """Blend of one or two sounds.

        Args:
            sounds: the parts of each.
            settings: mix counts.
        """
        shares = [1.0] if len(sounds) == 1 else [1 - settings.mix, settings.mix]
        return self._engine.average(list(zip(sounds, shares, strict=True)))
