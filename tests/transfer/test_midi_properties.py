"""Any MIDI file as content, beside FluidSynth's own player, to which ours adds what it lacks."""

import io
import tempfile
from pathlib import Path
from typing import Any

import fluidsynth
import mido
import numpy as np
import pytest
import soxr
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import tiny
from tests.conftest import FONT
from timbre.core.errors import InputError
from timbre.synthesis.synth import set_interpolation, write_float
from timbre.transfer import midi_content

RATE = tiny.AUDIO.sample_rate
OVERSAMPLING = midi_content.OVERSAMPLING
BEAT = 96  # ticks
FRAME_SECONDS = 0.05  # s, in which energies are compared
MAX_SECONDS = 8.0  # s
CHANNELS = [n for n in range(16) if n != 9]
CONTROLLERS = (1, 7, 10, 11, 64, 66, 67, 71, 84, 91, 120, 121, 123)

channels = st.sampled_from(CHANNELS[:3]) | st.sampled_from(CHANNELS)
pitches = st.integers(48, 52) | st.integers(0, 127)
times = st.sampled_from([0, 0, 0, 1, BEAT // 4, BEAT // 2, BEAT, 2 * BEAT])
values = st.integers(0, 127)


def message(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[mido.Message]:
    return st.builds(mido.Message, st.just(kind), time=times, **fields)


notes = message("note_on", channel=channels, note=pitches, velocity=st.integers(0, 127)) | message(
    "note_off", channel=channels, note=pitches, velocity=values
)
others = st.one_of(
    message("control_change", channel=channels, control=st.sampled_from(CONTROLLERS), value=values),
    message("program_change", channel=channels, program=values),
    message("pitchwheel", channel=channels, pitch=st.integers(-8192, 8191)),
    message("aftertouch", channel=channels, value=values),
    message("polytouch", channel=channels, note=pitches, value=values),
    st.builds(
        mido.MetaMessage, st.just("set_tempo"), time=times, tempo=st.integers(50_000, 1_500_000)
    ),
    st.builds(mido.MetaMessage, st.just("text"), time=times, text=st.just("any")),
)
bend_range = st.builds(
    lambda channel, semitones: [
        mido.Message("control_change", channel=channel, control=control, value=value)
        for control, value in ((101, 0), (100, 0), (6, semitones))
    ],
    channels, st.integers(0, 24),
)  # fmt: skip
events = st.lists(
    st.lists(notes, min_size=1, max_size=4) | st.lists(others, max_size=2) | bend_range
)
tracks = st.lists(st.tuples(events, times), min_size=1, max_size=3)


def written(parts: list[tuple[list[list[Any]], int]]) -> bytes:
    """A file of these tracks, each with the time from its last event to its end."""
    file = mido.MidiFile(type=1, ticks_per_beat=BEAT)
    for groups, end in parts:
        track = [each for group in groups for each in group]
        file.tracks.append(mido.MidiTrack([*track, mido.MetaMessage("end_of_track", time=end)]))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def second_opinion(path: Path, seconds: float) -> np.ndarray:
    """The file as FluidSynth plays it by itself."""
    synth = fluidsynth.Synth(
        gain=0.2, samplerate=OVERSAMPLING * RATE,
        **{
            "synth.polyphony": 256, "synth.reverb.active": 0, "synth.chorus.active": 0,
            "player.timing-source": "sample",
        },
    )  # fmt: skip
    set_interpolation(synth.synth, -1, 4)
    synth.sfload(str(FONT), 1)
    player = fluidsynth.new_fluid_player(synth.synth)
    fluidsynth.fluid_player_add(player, str(path).encode())
    fluidsynth.fluid_player_play(player)
    count = round(seconds * OVERSAMPLING * RATE)
    sound = np.zeros((count, 2), np.float32)
    start = sound.ctypes.data
    write_float(synth.synth, count, start, 0, 2, start, 1, 2)
    fluidsynth.fluid_player_stop(player)
    fluidsynth.delete_fluid_player(player)
    synth.delete()
    return np.asarray(soxr.resample(sound.mean(axis=1), OVERSAMPLING * RATE, RATE))


def energies(sound: np.ndarray) -> np.ndarray:
    """Energy in each frame and third of an octave or so, as a share of the whole."""
    size = round(FRAME_SECONDS * RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    edges = np.unique(np.geomspace(1, power.shape[1] - 1, 24).astype(int))
    bands = np.add.reduceat(power, edges, axis=1)
    return np.asarray(bands / max(bands.sum(), np.finfo(float).tiny))


@given(tracks)
def test_it_sounds_as_fluidsynth_plays_it(parts: list[tuple[list[list[Any]], int]]) -> None:
    data = written(parts)
    seconds = mido.MidiFile(file=io.BytesIO(data)).length
    assume(seconds <= MAX_SECONDS)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.mid"
        path.write_bytes(data)
        if not any(
            each.type == "note_on" and each.velocity > 0
            for groups, _ in parts for group in groups for each in group
        ):  # fmt: skip
            with pytest.raises(InputError, match=r"^expected .*; please .*\.$"):
                midi_content.play(path, tiny.AUDIO, Path(name))
            return
        found, _ = midi_content.play(path, tiny.AUDIO, Path(name))
        sound = np.array(found[:, 0])
        assert np.isfinite(sound).all()
        assert abs(len(sound) - (seconds + midi_content.RELEASE_SECONDS) * RATE) <= 1
        # but for the last moment, in which a note may begin for one of them, and for the other not
        until = max(0, round((seconds - FRAME_SECONDS) * RATE))
        if np.sum(sound[:until] ** 2) <= 1e-6 * np.sum(sound**2):
            return  # all begins in that moment, and before it a filter rings
        ours, theirs = energies(sound[:until]), energies(second_opinion(path, seconds)[:until])
    assert np.abs(ours - theirs).sum() < 0.02
