"""Phrases of single notes: what the notes say is what is heard, by either instrument."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.conftest import FONT
from timbre.core.errors import InputError
from timbre.core.notes import notes_from_columns, piano_roll
from timbre.core.params import Audio, ParamsError, parse
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.cases.note_bank import Bank, family
from timbre.evaluation.cases.phrases import Phrases, cases, is_table
from timbre.evaluation.metrics.basic_pitch import BasicPitch
from timbre.evaluation.metrics.distances import frame_f1
from timbre.synthesis.synth import Synth, Synthesis

SETTINGS = Phrases(
    max_shift=1, min_pitches=5, two_voices=0.5, tempo_min=80.0, tempo_max=120.0,
    beats=[0.5, 1.0, 2.0], rest=0.1, max_step=3, velocity_min=70, velocity_max=110,
    fade_seconds=0.03, silence_db=-40.0,
)  # fmt: skip
# program, pitches, rate, channels, suffix; seven, four and five pitches, a semitone to either side
INSTRUMENTS = {
    "flute": (73, range(60, 73, 2), 44_100, 2, "flac"),
    "violin": (40, range(60, 72, 3), 16_000, 1, "wav"),
    "clarinet": (71, range(60, 73, 3), 22_050, 1, "mp3"),
}
SILENCE = 0.2  # s, before each note
SECONDS = 2.0  # of each note


@pytest.fixture(scope="module")
def table(
    tmp_path_factory: pytest.TempPathFactory, audio_settings: Audio, synthesis_settings: Synthesis
) -> Path:
    """Single notes of three instruments, of different rates and formats."""
    folder = tmp_path_factory.mktemp("notes")
    long = audio_settings.model_copy(update={"segment_seconds": SECONDS + SILENCE})
    rows = ["file\tinstrument\tmidi_pitch\tf0_midi"]
    with Synth(FONT, long, synthesis_settings) as synth:
        for name, (program, pitches, rate, channels, suffix) in INSTRUMENTS.items():
            for midi_pitch in pitches:
                notes = notes_from_columns([midi_pitch], [100], [SILENCE], [SILENCE + SECONDS])
                sound = synth.render(notes, program)
                sound = soxr.resample(sound / np.abs(sound).max() / 2, long.sample_rate, rate)
                file = f"{name}_{midi_pitch}.{suffix}"
                soundfile.write(folder / file, np.stack([sound] * channels, axis=1), rate)
                # the clarinet's pitches are measured, not named
                told = ("", midi_pitch + 0.2) if name == "clarinet" else (midi_pitch, "")
                rows.append(f"{file}\t{name}\t{told[0]}\t{told[1]}")
    (folder / "notes.tsv").write_text("\n".join(rows) + "\n")
    return folder / "notes.tsv"


@pytest.fixture(scope="module")
def drawn(table: Path, audio_settings: Audio) -> list[Case]:
    return cases(table, 12, 0, audio_settings, SETTINGS)


def bank(table: Path) -> Bank:
    return Bank(table, 16_000, SETTINGS.longest, SETTINGS.max_shift, SETTINGS.silence_db)


def same(one: Case, other: Case) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_same_seed_draws_the_same_cases_and_another_others(
    table: Path, drawn: list[Case], audio_settings: Audio
) -> None:
    again = cases(table, 4, 0, audio_settings, SETTINGS)  # fewer cases are the first of more
    assert all(same(*both) for both in zip(again, drawn[:4], strict=True))
    (other,) = cases(table, 1, 1, audio_settings, SETTINGS)
    assert not np.array_equal(other.content, drawn[0].content)


def test_every_pair_of_instruments_comes_in_turn(drawn: list[Case]) -> None:
    counts = Counter((case.content_timbre, case.style_timbre) for case in drawn)
    assert len(counts) == 6
    assert set(counts.values()) == {2}
    assert all(one != other for one, other in counts)


def test_segments_have_length_and_level_of_the_settings(
    drawn: list[Case], audio_settings: Audio
) -> None:
    for case in drawn:
        for signal in (case.content, case.style, case.target):
            assert signal is not None
            assert signal.dtype == np.float32
            assert signal.shape == (audio_settings.segment_samples,)
            assert np.abs(signal).max() < 1
            level = 10 * np.log10(np.mean(signal.astype(np.float64) ** 2))
            assert level == pytest.approx(audio_settings.level_db, abs=0.01)


def test_content_and_target_are_heard_to_play_the_notes_and_the_style_is_not(
    drawn: list[Case], audio_settings: Audio
) -> None:
    transcriber = BasicPitch()
    found: dict[str, list[float]] = {"content": [], "style": [], "target": []}
    for case in (case for case in drawn if case.group == "1 voice"):
        for name in found:
            heard = transcriber(getattr(case, name), audio_settings.sample_rate)
            roll = piano_roll(case.notes, heard.frames.shape[1], heard.frames_per_second)
            found[name].append(frame_f1(heard.frames, roll))
    assert min(found["content"] + found["target"]) > 0.6
    assert np.mean(found["content"]) > 0.75
    assert np.mean(found["target"]) > 0.75
    assert np.mean(found["style"]) < 0.4


def test_notes_begin_where_the_notes_say(drawn: list[Case]) -> None:
    case = next(case for case in drawn if case.group == "1 voice")
    assert case.notes is not None
    assert case.target is not None
    gaps = np.flatnonzero(case.notes["start"][1:] - case.notes["end"][:-1] > 0.1)
    assert len(gaps)  # rests, after which an onset can be told from silence
    for signal in (case.content, case.target):
        for note in case.notes[1:][gaps]:
            start = round(float(note["start"]) * 16_000)
            assert np.abs(signal[start - 800 : start]).max() == 0
            assert np.abs(signal[start : start + 800]).max() > 0.01


def test_voices_do_not_cross_and_one_voice_plays_one_note_at_a_time(drawn: list[Case]) -> None:
    assert {case.group for case in drawn} == {"1 voice", "2 voices"}
    assert {case.style_music for case in drawn} == {"alike"}
    for case in drawn:
        assert case.notes is not None
        sounding = piano_roll(case.notes, 8000, 1000.0).sum(axis=0)
        assert sounding.max() == (1 if case.group == "1 voice" else 2)


def test_only_pitches_that_both_instruments_reach_are_played(drawn: list[Case]) -> None:
    reach = {
        name: {midi_pitch + shift for midi_pitch in pitches for shift in (-1, 0, 1)}
        for name, (_, pitches, *_) in INSTRUMENTS.items()
    }
    for case in drawn:
        assert case.notes is not None
        played = set(case.notes["pitch"].tolist())
        assert len(played) > 2
        assert played <= reach[case.content_timbre] & reach[case.style_timbre]


def test_a_moved_note_has_the_pitch_it_was_moved_to(table: Path) -> None:
    for midi_pitch in (59, 60, 61):  # 60 is recorded
        sound = bank(table).note("flute", midi_pitch)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        loudest = spectrum.argmax() * 16_000 / len(sound)
        harmonics = loudest / (440 * 2 ** ((midi_pitch - 69) / 12))
        assert harmonics == pytest.approx(round(harmonics), rel=0.01)


def test_a_note_begins_at_once_with_a_level_of_one(table: Path) -> None:
    sound = bank(table).note("flute", 60)
    assert len(sound) == round(SETTINGS.longest * 16_000)
    assert np.mean(sound[:16_000] ** 2) == pytest.approx(1, rel=1e-5)
    assert np.abs(sound[:800]).max() > 0.1


def test_labels_say_who_plays(drawn: list[Case]) -> None:
    families = {"flute": "pipe", "violin": "strings", "clarinet": "reed"}
    for case in drawn:
        assert case.content_family == families[case.content_timbre]
        assert case.style_family == families[case.style_timbre]
    assert len({case.name for case in drawn}) == len(drawn)


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        ("double_bass_arco", "strings"), ("electric_bass", "bass"), ("Bass Clarinet", "reed"),
        ("celtic_harp", "strings"), ("harpsichord", "piano"), ("violin_section", "ensemble"),
        ("Violins 2", "strings"), ("tenor_or_alto_sax_x", "reed"), ("upright_piano", "piano"),
        ("bass trombone", "brass"), ("English Horn", "reed"), ("theremin", ""), ("", ""),
    ],
)  # fmt: skip
def test_families_are_told_from_words(instrument: str, expected: str) -> None:
    assert family(instrument) == expected


def test_a_table_is_told_from_a_list_of_pairs(tmp_path: Path, table: Path) -> None:
    assert is_table(table)
    for text, expected in (
        ("file\tmidi_pitch\n", True),  # it lacks a column, and is refused for that
        ("# file, instrument\na.wav\tb.wav\n", False),
        ("", False),
    ):
        (tmp_path / "a.tsv").write_text(text)
        assert is_table(tmp_path / "a.tsv") == expected
    (tmp_path / "a.tsv").write_bytes(bytes(range(256)))
    assert not is_table(tmp_path / "a.tsv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("instrument\tfile\nviolin\ta.wav\n", "a column 'midi_pitch'"),
        ("", "a column 'instrument'"),
        ("instrument\tmidi_pitch\tfile\nviolin\tC4\ta.wav\n", "line 2 has 'C4'"),
        ("instrument\tmidi_pitch\tfile\nviolin\t128\ta.wav\n", "line 2 has '128'"),
        ("instrument\tmidi_pitch\tfile\nviolin\t60\n", "line 2 lacks one"),
        ("instrument\tmidi_pitch\tfile\nviolin\t\ta.wav\n", "share 5 pitches"),
    ],
)
def test_a_bad_table_is_refused(
    tmp_path: Path, audio_settings: Audio, text: str, message: str
) -> None:
    (tmp_path / "notes.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        cases(tmp_path / "notes.tsv", 1, 0, audio_settings, SETTINGS)


def test_a_missing_table_and_a_missing_note_are_refused(
    tmp_path: Path, table: Path, audio_settings: Audio
) -> None:
    with pytest.raises(InputError, match=r"none\.tsv"):
        cases(tmp_path / "none.tsv", 1, 0, audio_settings, SETTINGS)
    (tmp_path / "notes.tsv").write_text(table.read_text())
    with pytest.raises(InputError, match="no file"):
        cases(tmp_path / "notes.tsv", 1, 0, audio_settings, SETTINGS)


def test_too_few_pitches_in_common_are_refused(table: Path, audio_settings: Audio) -> None:
    settings = SETTINGS.model_copy(update={"min_pitches": 20})
    with pytest.raises(InputError, match="share 20 pitches"):
        cases(table, 1, 0, audio_settings, settings)


@pytest.mark.parametrize(
    "wrong", [{"tempo_min": 130.0}, {"velocity_min": 111}, {"beats": [0.1]}, {"beats": []}]
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParamsError):
        parse(SETTINGS.model_dump() | wrong, Phrases, "params.yaml")
