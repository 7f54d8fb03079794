"""Cases of what is heard: the right sound, or a word."""

import numpy as np
import soundfile

from tests.cases import inputs
from tests.cases.case import Desk, Seen, Sound, case, sounding
from tests.cases.inputs import BEAT, MARKER, ORGAN, RATE, midi, off, on, scale, tempo, tone


def lasts(sound: Sound, seconds: float) -> Seen:
    """Whether it lasts so long."""
    return Seen(f"{sound.seconds:.2f} s", abs(sound.seconds - seconds) < 0.05)


@case(8, "transfers a fifth of an organ, held for a minute", "sounds to its end")
def _(desk: Desk) -> Seen:
    ends = [(120 * BEAT, off(48)), (0, off(55))]
    (desk.folder / "organ.mid").write_bytes(midi([ORGAN, (0, on(48)), (0, on(55)), *ends]))

    def judge(sound: Sound) -> Seen:
        share = sound.level(56, 59) / sound.level(2, 5)
        return Seen(f"{sound.seconds:.1f} s, {share:.2f} as loud at the end", share > 0.3)

    return sounding(desk.result("organ.mid"), judge)


@case(9, "transfers MIDI with its tempo on the second track", "9 s: as slow as it says")
def _(desk: Desk) -> Seen:
    (desk.folder / "slow.mid").write_bytes(midi(scale(), [tempo(1_000_000)]))
    return sounding(desk.result("slow.mid"), lambda sound: lasts(sound, 9))


@case(10, "transfers MIDI whose last note nothing ends", "it sounds until the track ends, 5 s")
def _(desk: Desk) -> Seen:
    (desk.folder / "open.mid").write_bytes(midi([*scale(4), (0, on(72)), (4 * BEAT, MARKER)]))
    return sounding(desk.result("open.mid"), lambda sound: lasts(sound, 5))


@case(11, "transfers MIDI with such notes alone", "it plays")
def _(desk: Desk) -> Seen:
    chord = [(0, on(60)), (0, on(64)), (0, on(67)), (4 * BEAT, MARKER)]
    (desk.folder / "chord.mid").write_bytes(midi(chord))
    return sounding(desk.result("chord.mid"), lambda sound: lasts(sound, 3))


@case(12, "transfers short notes under a pedal", "the pedal holds them")
def _(desk: Desk) -> Seen:
    short = [
        each for n in (0, 4, 7, 12)
        for each in ((0, on(60 + n)), (60, off(60 + n)), (420, MARKER))
    ]  # fmt: skip
    pedal = [(0, bytes([0xB0, 64, 127])), *short, (4 * BEAT, bytes([0xB0, 64, 0]))]
    (desk.folder / "pedal.mid").write_bytes(midi(pedal))

    def judge(sound: Sound) -> Seen:
        share = sound.level(1.7, 1.95) / sound.level(1.5, 1.6)
        return Seen(f"{sound.seconds:.1f} s, {share:.2f} is left after the keys", share > 0.15)

    return sounding(desk.result("pedal.mid"), judge)


def opposite(desk: Desk) -> None:
    sound = tone(2, 261.6, 329.6)
    inputs.write(desk.folder / "opposite.wav", np.stack([sound, -sound], axis=1))


@case(13, "transfers a recording of opposite channels", "its sound")
def _(desk: Desk) -> Seen:
    opposite(desk)
    return sounding(
        desk.result("opposite.wav"),
        lambda sound: Seen(f"level {sound.level(0, 1):.3f}", sound.level(0, 1) > 0.02),
    )


@case(14, "takes such a recording for the style", "works")
def _(desk: Desk) -> Seen:
    opposite(desk)
    return sounding(desk.result("content.wav", "opposite.wav"), lambda sound: lasts(sound, 2))


@case(15, "takes a style with a DC offset", "as without it, within 1 dB")
def _(desk: Desk) -> Seen:
    style = 0.3 * tone(2, 196.0)
    inputs.write(desk.folder / "plain.wav", style)
    inputs.write(desk.folder / "offset.wav", style + 0.1)
    results = [desk.result("content.wav", name) for name in ("plain.wav", "offset.wav")]
    spectra = []
    for result in results:
        if not isinstance(result, Sound):
            return result.seen(False)
        frames = result.samples[: len(result.samples) // 512 * 512].reshape(-1, 512)
        spectra.append(np.abs(np.fft.rfft(frames * np.hanning(512))))
    floor = np.max(spectra) * 10 ** (-50 / 20)  # what lies 50 dB deeper is a vocoder's noise
    levels = 20 * np.log10(np.array(spectra) + floor)
    distance = float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2)))
    return Seen(f"{distance:.2f} dB apart", distance < 1)


@case(16, "transfers two OGG files that were put into one", "both, 4 s")
def _(desk: Desk) -> Seen:
    parts = []
    for number, hertz in enumerate((262.0, 392.0)):
        path = desk.folder / f"{number}.ogg"
        soundfile.write(path, tone(2, hertz), RATE, format="OGG", subtype="VORBIS")
        parts.append(path.read_bytes())
    (desk.folder / "chained.ogg").write_bytes(b"".join(parts))
    return sounding(desk.result("chained.ogg"), lambda sound: lasts(sound, 4))


@case(17, "transfers a FLAC whose header states 1,000 samples", "all of it, 2 s")
def _(desk: Desk) -> Seen:
    inputs.write(desk.folder / "whole.flac", tone(2, 261.6))
    data = bytearray((desk.folder / "whole.flac").read_bytes())
    data[18:26] = (int.from_bytes(data[18:26], "big") >> 36 << 36 | 1000).to_bytes(8, "big")
    (desk.folder / "short.flac").write_bytes(data)
    return sounding(desk.result("short.flac"), lambda sound: lasts(sound, 2))


@case(18, "transfers a WAV of a recorder that died: its header states 0", "all of it, 2 s")
def _(desk: Desk) -> Seen:
    (desk.folder / "died.wav").write_bytes(inputs.wav(tone(2, 261.6), 0))
    return sounding(desk.result("died.wav"), lambda sound: lasts(sound, 2))


@case(19, "takes a style that begins after 125 s of silence", "it is found, or the silence told")
def _(desk: Desk) -> Seen:
    late = np.concatenate([np.zeros(125 * RATE), np.tile(tone(2, 196.0), 5)])
    inputs.write(desk.folder / "late.flac", late)
    result = desk.result("content.wav", "late.flac")
    if isinstance(result, Sound):
        return lasts(result, 2)
    return result.refused("first", "silent")


@case(20, "asks for --temperature inf", "refused", slow=False)
def _(desk: Desk) -> Seen:
    return desk.transfer(
        "content.wav", "style.wav", "-o", "o.wav", "--model", "glow", "--temperature", "inf"
    ).refused("temperature")
