"""A MIDI file as content: it sounds as players play it."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pretty_midi
import pytest

from tests import tiny
from tests.cases import inputs
from tests.music.test_midi_events import with_track
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.music.standard_midi import seconds, sequence
from timbre.synthesis import soundfonts
from timbre.synthesis.midi_player import MidiPlayer
from timbre.synthesis.synth import Synthesis
from timbre.transfer import midi_content

RATE = tiny.AUDIO.sample_rate
Message = mido.Message


def write(path: Path, notes: list[tuple[int, float, float]], drums: bool = False) -> Path:
    """A piece for an organ: pitch, start and end of each note."""
    midi = pretty_midi.PrettyMIDI()
    organ = pretty_midi.Instrument(program=19, is_drum=drums)
    organ.notes = [pretty_midi.Note(90, pitch, start, end) for pitch, start, end in notes]
    midi.instruments.append(organ)
    midi.write(str(path))
    return path


def play(path: Path, audio: Audio = tiny.AUDIO) -> np.ndarray:
    found, _ = midi_content.play(path, audio, path.parent)
    assert isinstance(found, np.memmap)
    assert found.shape[1] == 1
    return np.array(found[:, 0])


def test_a_note_sounds_from_its_start_to_its_end_at_its_pitch(tmp_path: Path) -> None:
    found = play(write(tmp_path / "a.mid", [(69, 1.0, 3.0)]))
    assert len(found) == pytest.approx(4 * RATE, abs=RATE / 100)
    assert np.abs(found[: RATE - 100]).max() < 1e-3
    sounding = np.abs(np.fft.rfft(found[RATE : 2 * RATE] * np.hanning(RATE)))
    assert max(sounding[round(440 * n)] for n in (1, 2, 4)) > 0.2 * sounding.max()
    assert np.sqrt(np.mean(found[RATE : 3 * RATE] ** 2)) > 0.05


@pytest.mark.parametrize("rate", [16_000, 32_000, 64_000])  # twice the last is too fast
def test_a_note_has_its_length_and_pitch_at_any_rate(tmp_path: Path, rate: int) -> None:
    audio = tiny.AUDIO.model_copy(update={"sample_rate": rate})
    found = play(write(tmp_path / "a.mid", [(69, 1.0, 3.0)]), audio)
    assert len(found) == pytest.approx(4 * rate, abs=rate / 100)
    assert np.abs(found[: rate - rate // 80]).max() < 1e-3
    sounding = np.abs(np.fft.rfft(found[rate : 2 * rate] * np.hanning(rate)))  # a bin a Hz
    assert max(sounding[round(440 * n)] for n in (1, 2, 4)) > 0.2 * sounding.max()


@pytest.mark.parametrize(("tracks", "plays"), [(127, True), (128, False)])
def test_as_many_tracks_as_the_player_takes_are_played(
    tmp_path: Path, tracks: int, plays: bool
) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    for number in range(tracks):
        file.tracks.append(mido.MidiTrack())
        if number == tracks - 1:
            file.tracks[-1] += [Message("note_on", note=69, velocity=90)]
            file.tracks[-1] += [Message("note_off", note=69, time=480)]
    file.save(tmp_path / "many.mid")
    if plays:
        assert np.abs(play(tmp_path / "many.mid")).max() > 0.05
    else:
        with pytest.raises(InputError, match="expected a piece of 127 tracks at most"):
            play(tmp_path / "many.mid")


def test_the_softest_note_is_heard(tmp_path: Path) -> None:
    data = with_track(b"\0\x90\x45\x01\x18\x80\x45\0\0\xff\x2f\0")  # for a 20th of a beat
    (tmp_path / "a.mid").write_bytes(data)
    assert np.abs(play(tmp_path / "a.mid")).max() > 0.05


def test_a_file_whose_length_cannot_be_told_before_ends_with_its_notes(tmp_path: Path) -> None:
    text = b"\0\xff\x01" + inputs.number(1_100_000) + 1_100_000 * b"x"  # which mido refuses to read
    data = with_track(text + b"\0\x90\x45\x5a\x87\x40\x80\x45\0\0\xff\x2f\0")
    (tmp_path / "a.mid").write_bytes(data)
    assert seconds(sequence(data)) is None
    found = play(tmp_path / "a.mid")
    assert len(found) / RATE == pytest.approx(1 + 1, abs=0.1)  # two beats, and what dies away


@pytest.mark.parametrize("control", [7, 11])
@pytest.mark.parametrize(("value", "is_silent"), [(0, True), (1, False)])
def test_a_volume_of_nought_is_silence_and_told(
    tmp_path: Path, control: int, value: int, is_silent: bool
) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack())
    file.tracks[0] += [
        Message("control_change", control=control, value=value),
        Message("note_on", note=69, velocity=90),
        Message("note_off", note=69, time=480),
    ]
    file.save(tmp_path / "a.mid")
    found, remarks = midi_content.play(tmp_path / "a.mid", tiny.AUDIO, tmp_path)
    assert (np.abs(found).max() == 0) == is_silent
    assert any("silent" in remark for remark in remarks) == is_silent


def test_an_interrupt_counts_while_the_synthesizer_calls_back(tmp_path: Path) -> None:
    busy = mido.MidiTrack()
    for number in range(4000):
        busy += [mido.Message("control_change", control=1, value=number % 128, time=1)]
    busy += [mido.Message("note_on", note=60, velocity=90), mido.Message("note_off", note=60)]
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(busy)
    file.save(tmp_path / "busy.mid")
    begun = threading.Event()

    class Player(MidiPlayer):
        def _event(self, synth: int, event: int) -> int:
            if not begun.is_set():
                begun.set()
                signal.raise_signal(signal.SIGINT)
            return super()._event(synth, event)

    font = soundfonts.find(midi_content.DEFAULT_FONT)[0]
    settings = Synthesis(oversampling=1, interpolation=4, polyphony=256, reverb=False, chorus=False)
    player = Player((tmp_path / "busy.mid").read_bytes(), font, RATE, settings)
    with closing(player), pytest.raises(KeyboardInterrupt):
        list(player.blocks(4 * RATE, RATE, RATE))
    assert begun.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


BEAT = 480  # ticks


def song(path: Path, *tracks: list[Any], kind: int = 1) -> Path:
    """A file of tracks of messages, whose times are ticks since the one before."""
    file = mido.MidiFile(type=kind, ticks_per_beat=BEAT)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    file.save(path)
    return path


def keys(*pitches: int, beats: float = 1.0, channel: int = 0) -> list[Any]:
    """Notes one after the other."""
    return [
        Message(kind, note=pitch, velocity=velocity, channel=channel, time=time)
        for pitch in pitches
        for kind, velocity, time in (("note_on", 90, 0), ("note_off", 0, round(beats * BEAT)))
    ]


def level(sound: np.ndarray, start: float, stop: float) -> float:
    return float(np.sqrt(np.mean(sound[round(start * RATE) : round(stop * RATE)] ** 2)))


def hertz(sound: np.ndarray, start: float, stop: float) -> float:
    """The loudest frequency."""
    part = sound[round(start * RATE) : round(stop * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 8 * RATE))
    return float(spectrum.argmax()) / 8


@pytest.mark.parametrize("track", [0, 1, 2])
def test_tempos_count_on_whatever_track_they_stand(tmp_path: Path, track: int) -> None:
    tracks: list[list[Any]] = [[], keys(60, 62, 64, 65), []]
    tracks[track].insert(0, mido.MetaMessage("set_tempo", tempo=1_000_000))
    assert len(play(song(tmp_path / "a.mid", *tracks))) == 5 * RATE


def test_a_note_that_nothing_ends_sounds_until_the_track_does(tmp_path: Path) -> None:
    organ = Message("program_change", program=19)
    open_note = [organ, Message("note_on", note=60, velocity=90)]
    found = play(
        song(tmp_path / "a.mid", [*open_note, mido.MetaMessage("end_of_track", time=6 * BEAT)])
    )
    assert len(found) == pytest.approx(4 * RATE, abs=RATE / 100)
    assert level(found, 2.5, 3) > 0.5 * level(found, 0.5, 1)
    assert level(found, 3.8, 4) < 0.05 * level(found, 0.5, 1)


def test_a_long_note_sounds_to_its_end(tmp_path: Path) -> None:
    organ = Message("program_change", program=19)
    found = play(song(tmp_path / "a.mid", [organ, *keys(60, beats=120)]))
    assert len(found) == 61 * RATE
    assert level(found, 55, 59) > 0.5 * level(found, 1, 5)


def test_pedals_hold(tmp_path: Path) -> None:
    end = mido.MetaMessage("end_of_track", time=3 * BEAT)
    levels = {}
    for name, controls in (("none", []), ("sustain", [64])):
        down = [Message("control_change", control=number, value=127) for number in controls]
        found = play(song(tmp_path / f"{name}.mid", [*down, *keys(48, beats=0.2), end]))
        levels[name] = level(found, 0.6, 1.4) / level(found, 0, 0.1)
    assert levels["sustain"] > 10 * levels["none"]


def test_bends_volumes_and_programs_are_played(tmp_path: Path) -> None:
    bent = [Message("program_change", program=73), *keys(69)]
    bent += [Message("pitchwheel", pitch=8191), *keys(69)]
    wide = [Message("control_change", control=number, value=value)
            for number, value in ((101, 0), (100, 0), (6, 12))]  # fmt: skip
    found = play(song(tmp_path / "a.mid", bent))
    plain = hertz(found, 0.1, 0.4)
    assert hertz(found, 0.6, 0.9) / plain == pytest.approx(2 ** (2 / 12), rel=0.01)
    found = play(song(tmp_path / "b.mid", [*wide, *bent]))
    assert hertz(found, 0.6, 0.9) / plain == pytest.approx(2, rel=0.01)
    soft = [*keys(60), Message("control_change", control=7, value=30), *keys(60)]
    found = play(song(tmp_path / "c.mid", [Message("program_change", program=19), *soft]))
    assert level(found, 0.6, 0.9) < 0.3 * level(found, 0.1, 0.4)


def test_in_stereo_parts_stay_where_they_are_panned(tmp_path: Path) -> None:
    left = [Message("control_change", control=10, value=0), *keys(60, 60)]
    right = [Message("control_change", control=10, value=127, channel=1)]
    right += [Message("note_on", note=72, velocity=0, channel=1, time=2 * BEAT)]
    right += keys(72, 72, channel=1)
    path = song(tmp_path / "a.mid", left, right)
    sound, _ = midi_content.play(path, tiny.AUDIO, tmp_path, stereo=True)
    assert sound.shape[1] == 2
    levels = [
        [level(sound[:, channel], start, start + 0.9) for start in (0, 1)] for channel in (0, 1)
    ]
    assert levels[0][0] > 10 * levels[1][0]
    assert levels[1][1] > 5 * levels[0][1]  # the first part dies away
    together, alone = np.array(sound).mean(axis=1), play(path)
    assert len(together) == len(alone)
    assert np.corrcoef(together, alone)[0, 1] > 0.999


@pytest.mark.parametrize(
    ("stated", "ticks", "seconds"),
    [(24, 1, 1 / 24), (25, 3, 1 / 75), (29, 7, 1.001 / 210), (30, 255, 1 / 7650)],
)
def test_film_time_is_exact(tmp_path: Path, stated: int, ticks: int, seconds: float) -> None:
    path = song(tmp_path / "a.mid", [mido.MetaMessage("set_tempo", tempo=100_000), *keys(60, 62)])
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - stated, ticks])
    path.write_bytes(data)
    assert len(play(path)) == pytest.approx((2 * BEAT * seconds + 1) * RATE, abs=1)


@pytest.mark.parametrize("stated", [0, 1, 9])
def test_a_wrong_number_of_tracks_does_no_harm(tmp_path: Path, stated: int) -> None:
    path = song(tmp_path / "a.mid", [], keys(60, 62))
    right, data = play(path), bytearray(path.read_bytes())
    data[10:12] = stated.to_bytes(2, "big")
    path.write_bytes(data)
    assert np.array_equal(play(path), right)


def test_frames_of_film_are_times(tmp_path: Path) -> None:
    path = song(tmp_path / "a.mid", [mido.MetaMessage("set_tempo", tempo=100_000), *keys(60, 62)])
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - 25, 40])  # 25 frames a second, 40 ticks a frame
    path.write_bytes(data)
    assert len(play(path)) == pytest.approx((2 * BEAT / 1000 + 1) * RATE, abs=1)


@pytest.mark.parametrize(
    "before", [b"", b"LIST\x04\x00\x00\x00INFO", b"DISP\x03\x00\x00\x00abc\x00"]
)
def test_riff_is_unwrapped_in_any_order(tmp_path: Path, before: bytes) -> None:
    path = song(tmp_path / "a.mid", keys(60, 62))
    right, data = play(path), path.read_bytes()
    chunks = before + b"data" + len(data).to_bytes(4, "little") + data
    path.write_bytes(b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"RMID" + chunks)
    assert np.array_equal(play(path), right)


def test_what_is_not_played_is_told(tmp_path: Path) -> None:
    drums = [Message("sysex", data=[1, 2, 3]), *keys(38, 38, 38, channel=9)]
    path = song(tmp_path / "a.mid", keys(60, 62, 64), drums)
    _, remarks = midi_content.play(path, tiny.AUDIO, tmp_path)
    assert [remark.removeprefix(f"{path}: ") for remark in remarks] == [
        "3 notes of drums are left out", "1 system exclusive messages are left out",
    ]  # fmt: skip
    without, _ = midi_content.play(song(tmp_path / "b.mid", keys(60, 62, 64)), tiny.AUDIO, tmp_path)
    both, _ = midi_content.play(path, tiny.AUDIO, tmp_path)
    assert np.array_equal(both, without)


def test_without_the_library_recordings_work_and_midi_is_told(tmp_path: Path) -> None:
    song(tmp_path / "a.mid", keys(60))
    code = (
        "import sys; sys.modules['fluidsynth'] = None; from pathlib import Path; "
        "from timbre.transfer import midi_content, transfer; from timbre.core.params import Audio; "
        f"audio = Audio.model_validate({tiny.AUDIO.model_dump()}); "
        "midi_content.play(Path('a.mid'), audio, Path())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
    )  # fmt: skip
    assert "InputError: expected FluidSynth to play a.mid, it is not installed" in result.stderr


def test_drums_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected notes, .* none but those of drums; please"):
        play(write(tmp_path / "a.mid", [(40, 0, 1)], drums=True))


@pytest.mark.parametrize("tail", [b"", b"\x00" * 40, b"MTrk\xff\xff\xff\xff"])
def test_damage_is_told_in_a_sentence(tmp_path: Path, tail: bytes) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01" + tail)
    assert midi_content.is_midi(tmp_path / "a.mid")
    with pytest.raises(InputError, match=r"^expected (notes|a MIDI file).*please"):
        play(tmp_path / "a.mid")


@pytest.mark.parametrize("event", [b"\xf5", b"\xff\x58\1\4", b"\xff\x59\x01\x00", b"\x90\x3c"])
def test_of_damage_nothing_is_said_but_by_us(
    tmp_path: Path, event: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    note = b"\0\x90\x3c\x5a\x60\x80\x3c\0"
    (tmp_path / "a.mid").write_bytes(with_track(note + b"\0" + event))
    with suppress(InputError):
        play(tmp_path / "a.mid")
    assert capfd.readouterr().err == ""


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
