"""Cases that ended in a traceback or a crash."""

import numpy as np
import soundfile

from tests.cases import inputs
from tests.cases.case import Desk, Seen, case
from tests.conftest import change, committed, midi_bytes, write_params


@case(21, "asks for 25 s as OGG at 192 kHz", "works")
def _(desk: Desk) -> Seen:
    inputs.write(desk.folder / "long.wav", np.tile(inputs.tone(5, 261.6), 5))
    ended = desk.transfer("long.wav", "style.wav", "-o", "out.ogg", "--sample-rate", "192000")
    if ended.code:
        return ended.seen(False)
    info = soundfile.info(desk.folder / "out.ogg")
    return Seen(f"{info.duration:.2f} s at {info.samplerate} Hz", abs(info.duration - 25) < 0.1)


@case(22, "has a name of 300 letters in line 2 of a list", "line 2 is told, line 3 done, exit 1")
def _(desk: Desk) -> Seen:
    names = ("content.wav", "x" * 300 + ".wav", "song.mid")
    (desk.folder / "list.tsv").write_text("".join(f"{name}\tstyle.wav\n" for name in names))
    ended = desk.transfer("--pairs", "list.tsv", "-o", "outputs")
    made = sorted(path.name for path in (desk.folder / "outputs").iterdir())
    passed = ended.code == 1 and "line 2" in ended.said and made == ["content.wav", "song.wav"]
    return ended.seen(passed)._replace(text=f"exit {ended.code}: {made}, {ended.said[:60]!r}")


@case(23, "asks for --seed 18446744073709551616", "refused in a sentence", slow=False)
def _(desk: Desk) -> Seen:
    words = ("content.wav", "style.wav", "-o", "o.wav", "--model", "glow")
    return desk.transfer(*words, "--seed", str(2**64)).refused("seed")


@case(24, "gives the output a name in Latin-1", "works")
def _(desk: Desk) -> Seen:
    name = "café.wav".encode("latin-1")
    ended = desk.transfer("content.wav", "style.wav", "-o", name)
    (made,) = [path for path in desk.folder.iterdir() if path.name.startswith("caf")] or [None]
    return ended.seen(ended.code == 0 and made is not None)


@case(25, "sets groups that do not divide the code", "the first stage names the key", slow=False)
def _(desk: Desk) -> Seen:
    write_params(desk.folder, change(committed(), {"train.vqvae.network.groups": 5}))
    ended = desk.run("stages.soundfonts", "fonts", "fonts.json")
    return ended.seen(ended.code == 2 and "train.vqvae.network.groups" in ended.said)


@case(26, "sets segments of 1.6 s, with a note at each border", "an example has its notes")
def _(desk: Desk) -> Seen:
    from timbre.dataset import table
    from timbre.synthesis.soundfonts import SPLITS

    shares = {"test": 0.25, "valid": 0.15, "timbre": 0.15, "timbre_test": 0.15}
    values = change(
        committed(),
        {"audio.segment_seconds": 1.6, "sequences.min_onsets": 1}
        | {f"sequences.{name}_share": share for name, share in shares.items()},
    )
    for training in values["train"].values():
        training |= {"crop_frames": 64, "style_frames": 64, "style_frames_min": 64}
    write_params(desk.folder, values)
    (desk.folder / "midi").mkdir()
    for piece in range(60):
        rng = np.random.default_rng(piece)
        parts = []
        for part in range(2):
            starts = np.arange(rng.integers(30), 60) * 1.6
            rows = [(int(rng.integers(40, 90)), 80, float(s), float(s + 0.4)) for s in starts]
            parts.append((8 * part + piece % 8, False, rows))
        (desk.folder / "midi" / f"{piece}.mid").write_bytes(midi_bytes(*parts, tempo=75))
    ended = desk.run("stages.sequences", "midi", "table", "counts.json", "refused.csv")
    if ended.code:
        return ended.seen(False)
    examples = [each for split in SPLITS for each in table.read(desk.folder / "table", split)]
    empty = sum(not len(notes) for each in examples for notes in (each.notes, each.style_notes))
    return Seen(f"{len(examples)} examples, {empty} times no notes", bool(examples) and not empty)
