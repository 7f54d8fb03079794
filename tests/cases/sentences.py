"""Cases of what is said."""

from tests.cases import inputs
from tests.cases.case import Desk, Seen, case, sounding
from tests.cases.inputs import midi, scale, tempo
from tests.cases.sounds import lasts


@case(33, "transfers MIDI in film time, 25 frames of 40 ticks", "plays, 5 s")
def _(desk: Desk) -> Seen:
    (desk.folder / "film.mid").write_bytes(midi(scale(8, 500), division=0xE728))
    return sounding(desk.result("film.mid"), lambda sound: lasts(sound, 5))


@case(34, "transfers MIDI of two tracks whose header states one", "both play, 9 s")
def _(desk: Desk) -> Seen:
    (desk.folder / "two.mid").write_bytes(midi([tempo(1_000_000)], scale(), stated=1))
    return sounding(desk.result("two.mid"), lambda sound: lasts(sound, 9))


@case(35, "takes MIDI for the style", "told that a style is a recording", slow=False)
def _(desk: Desk) -> Seen:
    return desk.transfer("content.wav", "song.mid", "-o", "out.wav").refused("MIDI")


@case(37, "has one content with two styles in a list", "two results")
def _(desk: Desk) -> Seen:
    inputs.write(desk.folder / "other.wav", inputs.tone(1, 300.0))
    (desk.folder / "list.tsv").write_text("content.wav\tstyle.wav\ncontent.wav\tother.wav\n")
    ended = desk.transfer("--pairs", "list.tsv", "-o", "outputs")
    made = sorted(path.name for path in (desk.folder / "outputs").iterdir())
    return ended.seen(ended.code == 0 and len(made) == 2)._replace(text=", ".join(made))
