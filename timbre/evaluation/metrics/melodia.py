"""Whether the melody is kept, as the reference evaluation measures it: by essentia's Melodia.

Source: Cifka, Ozerov, Simsekli and Richard, "Self-supervised VQ-VAE for one-shot music style
transfer", ICASSP 2021 (arXiv:2102.05749), section 4.3, and the notebook published with it. Melodia
is of Salamon and Gomez, IEEE TASLP 20(6), 2012; essentia adapts it to several pitches at a time.
"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Self

import numpy as np
import soxr
from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessPool

SAMPLE_RATE = 8000  # Hz; essentia's equal-loudness filter knows few rates
DITHER_STD = 1e-4  # of noise that is added: without it Melodia crashes on some clips

Pitches = list[frozenset[int]]  # MIDI numbers in each frame of 16 ms


def melody(audio: NDArray[np.floating], sample_rate: int) -> Pitches:
    """The pitches that Melodia hears, in this process.

    Resampled to 8 kHz (by soxr, ten times as fast as essentia), equal loudness, a little noise
    whose seed is the number of positive samples (a clip has the same pitches each time), then
    Melodia at essentia's defaults.

    Args:
        audio: `(L,)`, in [-1, 1]. NaN makes essentia loop for ever.
        sample_rate: Hz.

    Returns:
        Rounded MIDI numbers in each frame of 128 samples at 8 kHz. Noise has pitches too, and so
        has silence with the noise that is added.

    Raises:
        RuntimeError: if essentia gives up.
    """
    # Imported here, for it takes seconds, it talks and it may take its process with it.
    import essentia

    essentia.log.infoActive = essentia.log.warningActive = False
    import essentia.standard as algorithms

    sound = soxr.resample(audio.astype(np.float32), sample_rate, SAMPLE_RATE)
    sound = algorithms.EqualLoudness(sampleRate=SAMPLE_RATE)(sound)
    rng = np.random.default_rng(int((sound > 0).sum()))
    sound = rng.normal(sound, DITHER_STD).astype(np.float32)
    frames = algorithms.MultiPitchMelodia(sampleRate=SAMPLE_RATE)(sound)
    return [
        # 0 Hz says that nothing was found
        frozenset(int(69 + 12 * np.log2(hz / 440) + 0.5) for hz in frame if hz > 1)
        for frame in frames
    ]


class Melodia:
    """`melody` in a process of its own, as it may loop for ever or crash (essentia issue 1054).

    The process starts with the first clip and is kept from clip to clip; another takes its place
    when it fails.

    Args:
        seconds: that a clip may take; the first one of a process pays for the import of essentia,
            one or two seconds.
        estimate: what runs in the process, a function of a module.
    """

    def __init__(
        self,
        seconds: float,
        estimate: Callable[[NDArray[np.floating], int], Pitches] = melody,
    ) -> None:
        self._seconds, self._estimate = seconds, estimate
        self._pool = ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn"))
        # a process that ends without `close`, as a pool's worker does, would wait for this one
        self.close = Finalize(self, _end, args=[self._pool], exitpriority=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pitches(self, audio: NDArray[np.floating], sample_rate: int) -> Pitches | None:
        """The pitches of a clip, as `melody` gives them.

        Args:
            audio: `(L,)`.
            sample_rate: Hz.

        Returns:
            None if essentia took too long, gave up or crashed.
        """
        future = self._pool.schedule(
            _alarmed, args=[self._seconds, self._estimate, audio, sample_rate]
        )
        try:
            result: Pitches = future.result()
        except (ProcessExpired, RuntimeError):  # the second is essentia's own
            return None
        return result


def _alarmed(
    seconds: float,
    estimate: Callable[[NDArray[np.floating], int], Pitches],
    audio: NDArray[np.floating],
    sample_rate: int,
) -> Pitches:
    """The worker's task: it dies of an alarm that Python does not handle.

    A loop in essentia's C++ never comes back to Python, where a handler would run. This way it also
    ends when nobody is left to end it.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return estimate(audio, sample_rate)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end(pool: ProcessPool) -> None:
    """Stop the worker."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def jaccard(output: Pitches, reference: Pitches) -> float:
    """Jaccard distance of the pitches of two clips.

    The Jaccard distance of the two sets in each frame, 0 where both are empty, averaged over time
    (arXiv:2102.05749, section 4.3). The paper reports 0.54 between the content and the target,
    which are the same notes in two timbres; on the demo's benchmark that is 0.52, other notes have
    0.91 (the floor), and the target through the vocoder 0.28 (the ceiling).

    Args:
        output: as `melody` gives it.
        reference: the same; what the longer of the two has beyond the other does not count.

    Returns:
        0 to 1, lower is better; 0 for clips without frames.
    """
    distances = [
        1 - len(ours & theirs) / len(ours | theirs) if ours or theirs else 0.0
        for ours, theirs in zip(output, reference, strict=False)
    ]
    return float(np.mean(distances)) if distances else 0.0
