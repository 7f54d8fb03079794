"""Cache of style representations, and the blend of several."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from timbre.core.signal import SILENCE_PEAK
from timbre.models.style import Style
from timbre.transfer import styles
from timbre.transfer.engine import Engine, average
from timbre.transfer.memmap import Floats
from timbre.transfer.settings import TransferSettings

CONTENT_STYLE_PARTS = 2  # parts of the content, in which its own sound is heard
MAX_REMEMBERED = 32  # recordings: in lists of pairs they come again


class StyleCache:
    """Cache of the representations of style recordings.

    Args:
        engine: of the model.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: OrderedDict[str, list[Style]] = OrderedDict()  # by what is in the recording

    def get(self, path: Path) -> list[Style]:
        """Styles of the parts of a recording.

        Raises:
            InputError: if it cannot be used.
        """
        heard = styles.read(path, self._engine.audio)
        key = hashlib.sha256(heard.tobytes()).hexdigest()
        if key not in self._known:
            parts = styles.parts(heard, str(path), self._engine.audio)
            self._known[key] = self._engine.timbres(parts)
            if len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def blend(
        self, heard: Sequence[list[Style]], notes: Floats, settings: TransferSettings
    ) -> Style:
        """Blend of the styles, and of the content's own sound where the strength is less.

        Args:
            heard: the parts of one or two styles.
            notes: the content, `(L, C)`.
            settings: strength and mix count; of silence there is no own sound.
        """
        shares = [1.0] if len(heard) == 1 else [1 - settings.mix, settings.mix]
        sounds = list(zip(heard, shares, strict=True))
        rate = self._engine.audio.sample_rate
        own = notes[: round(styles.READ_SECONDS * rate)].mean(axis=1)
        if settings.strength < 1 and np.abs(own).max() >= SILENCE_PEAK:
            enough = np.resize(own, max(len(own), round(styles.MIN_PART_SECONDS * rate)))
            parts = styles.parts(enough, "the content", self._engine.audio, CONTENT_STYLE_PARTS)
            sounds = [(style, settings.strength * share) for style, share in sounds]
            sounds.append((self._engine.timbres(parts), 1 - settings.strength))
        return average(sounds)
