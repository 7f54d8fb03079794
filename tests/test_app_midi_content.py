"""A MIDI file as content: its notes sound when they should, seams or not."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from tests import tiny
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.transfer import midi_content

RATE = tiny.AUDIO.sample_rate


def write(path: Path, notes: list[tuple[int, float, float]], drums: bool = False) -> Path:
    """A piece for an organ: pitch, start and end of each note."""
    midi = pretty_midi.PrettyMIDI()
    organ = pretty_midi.Instrument(program=19, is_drum=drums)
    organ.notes = [pretty_midi.Note(90, pitch, start, end) for pitch, start, end in notes]
    midi.instruments.append(organ)
    midi.write(str(path))
    return path


def play(path: Path, audio: Audio = tiny.AUDIO) -> np.ndarray:
    found = midi_content.play(path, audio, path.parent)
    assert isinstance(found, np.memmap)
    assert found.shape[1] == 1
    return np.array(found[:, 0])


def test_a_note_sounds_from_its_start_to_its_end_at_its_pitch(tmp_path: Path) -> None:
    found = play(write(tmp_path / "a.mid", [(69, 1.0, 3.0)]))
    assert len(found) == 4 * RATE
    assert np.abs(found[: RATE - 100]).max() < 1e-3
    sounding = np.abs(np.fft.rfft(found[RATE : 2 * RATE] * np.hanning(RATE)))
    assert max(sounding[round(440 * n)] for n in (1, 2, 4)) > 0.2 * sounding.max()
    assert np.sqrt(np.mean(found[RATE : 3 * RATE] ** 2)) > 0.05


@pytest.mark.parametrize("rate", [16_000, 32_000, 64_000])  # twice the last is too fast
def test_a_note_has_its_length_and_pitch_at_any_rate(tmp_path: Path, rate: int) -> None:
    audio = tiny.AUDIO.model_copy(update={"sample_rate": rate})
    found = play(write(tmp_path / "a.mid", [(69, 1.0, 3.0)]), audio)
    assert len(found) == 4 * rate
    assert np.abs(found[: rate - rate // 80]).max() < 1e-3
    sounding = np.abs(np.fft.rfft(found[rate : 2 * rate] * np.hanning(rate)))  # a bin a Hz
    assert max(sounding[round(440 * n)] for n in (1, 2, 4)) > 0.2 * sounding.max()


def test_what_is_played_in_steps_is_what_is_played_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = [(60 + n % 7, 0.5 * n, 0.5 * n + 1.7) for n in range(20)]
    path = write(tmp_path / "a.mid", notes)
    whole = play(path)
    monkeypatch.setattr(midi_content, "STEP", 2.048)
    steps = play(path)
    assert len(steps) == len(whole)
    # FluidSynth begins notes at multiples of 64 of its samples, counted from where it begins
    assert np.sqrt(np.mean((steps - whole) ** 2)) < 0.02 * np.sqrt(np.mean(whole**2))


def test_drums_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected notes, .* none but those of drums; please"):
        play(write(tmp_path / "a.mid", [(40, 0, 1)], drums=True))


@pytest.mark.parametrize("tail", [b"", b"\x00" * 40, b"MTrk\xff\xff\xff\xff"])
def test_damage_is_told_in_a_sentence(tmp_path: Path, tail: bytes) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01" + tail)
    assert midi_content.is_midi(tmp_path / "a.mid")
    with pytest.raises(InputError, match=r"^expected (notes|a MIDI file).*please"):
        play(tmp_path / "a.mid")


def test_a_piece_of_hours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"120 minutes at most, .* lasts 133; please cut it"):
        play(write(tmp_path / "a.mid", [(60, 0, 1), (60, 8000, 8001)]))


def test_midi_is_known_by_its_content(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mid", [(60, 0, 1)])
    content = path.read_bytes()
    (tmp_path / "b.wav").write_bytes(content)
    wrapped = b"RIFF" + (len(content) + 12).to_bytes(4, "little") + b"RMIDdata"
    (tmp_path / "c.rmi").write_bytes(wrapped + len(content).to_bytes(4, "little") + content)
    (tmp_path / "d.mid").write_bytes(b"RIFF____WAVEfmt ")
    found = [midi_content.is_midi(tmp_path / name) for name in ("a.mid", "b.wav", "c.rmi", "d.mid")]
    assert found == [True, True, True, False]
    assert not midi_content.is_midi(tmp_path / "none")
    assert np.array_equal(play(tmp_path / "c.rmi"), play(path))
