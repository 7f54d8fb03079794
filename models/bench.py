"""One system on the bench: what it makes of the test cases, and what that costs."""

import resource
import time
from pathlib import Path

from audio.benchmark import Case, Cases, Signal
from audio.params import Audio, Section
from models import systems

MEGABYTE = 2**20
LONG = 5.0  # seconds, after which a case is not run again to be timed


class Bench:
    """A system and the cases that it is tried on, in one process.

    Args:
        name: of the system.
        cases: the benchmark.
        checkpoint: of a model, or None.
        shuffled: give each case the style clip of another one, which is to do harm.
        settings: of a system that is neither a model nor a baseline, else None.
        audio: the mel that everything here shares.
        vocoder: checkpoint of the vocoder, for models and `resynthesis`, or None.
        seed: of what a system draws; a case's own number is mixed in.
        device: that models run on.
    """

    def __init__(
        self,
        name: str,
        cases: Path,
        checkpoint: Path | None,
        shuffled: bool,
        settings: Section | None,
        audio: Audio,
        vocoder: Path | None,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self.cases = Cases(cases)
        if checkpoint is None:
            self.system = systems.untrained(name, settings, audio, vocoder)
        else:
            assert vocoder is not None
            self.system = systems.trained(checkpoint, audio, vocoder, device)
        self._shuffled, self._seed, self._audio = shuffled, seed, audio

    def case(self, number: int) -> Case:
        """A case as the system is given it."""
        case = self.cases[number]
        if not self._shuffled:
            return case
        count = len(self.cases)
        others = (self.cases[(number + step) % count] for step in range(1, count))
        other = next((o for o in others if o.style_timbre != case.style_timbre), case)
        return case._replace(style=other.style)

    def output(self, number: int) -> Signal | None:
        """What the system makes of a case: `(L,)`, or None where it lacks what it takes."""
        return self.system(self.case(number), self._seed + number)

    def measured(self, number: int) -> tuple[Signal | None, dict[str, float]]:
        """The output for a case, and what it cost, in a process that has done nothing else.

        Returns:
            The output as `output` gives it, and, where there is one, `realtime`, seconds of audio a
            second of computing on one core; `parameters`, numbers learned; `memory_mb`, at the
            peak, all libraries included.
        """
        length = len(self.cases[number].content)
        made, seconds = self._timed(number)
        if made is None:
            return None, {}
        if seconds < LONG:  # what is made once is none of a case's cost, but it hardly shows there
            _, seconds = self._timed(number)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
        return made, {
            "realtime": float(f"{length / self._audio.sample_rate / seconds:.3g}"),
            "parameters": getattr(self.system, "parameters", 0),
            "memory_mb": round(peak),
        }

    def _timed(self, number: int) -> tuple[Signal | None, float]:
        """The output for a case and the seconds it took, reading the case left out."""
        case = self.case(number)
        begun = time.perf_counter()
        made = self.system(case, self._seed + number)
        return made, time.perf_counter() - begun
