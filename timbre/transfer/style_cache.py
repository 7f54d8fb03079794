"""Cache of style representations, and the blend of several."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from timbre.transfer import styles
from timbre.transfer.engine import Engine, Style
from timbre.transfer.settings import TransferSettings

MAX_CACHED_RECORDINGS = 32  # recordings: in lists of pairs they come again


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
            self._known[key] = self._engine.styles(parts)
            if len(self._known) > MAX_CACHED_RECORDINGS:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def blend(self, heard: Sequence[list[Style]], settings: TransferSettings) -> Style:
        """Blend of one or two styles.

        Args:
            heard: the parts of each.
            settings: mix counts.
        """
        shares = [1.0] if len(heard) == 1 else [1 - settings.mix, settings.mix]
        return self._engine.average(list(zip(heard, shares, strict=True)))
