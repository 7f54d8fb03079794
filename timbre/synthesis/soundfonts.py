"""Soundfonts: where the usual ones lie, what they may be used for, which package brings them.

Beside them stand other sources of timbres, which have presets of their own and no file.
"""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from timbre.core.errors import InputError
from timbre.core.params import Section

PLUGIN = Path("/usr/lib/vst/ZynAddSubFX.so")
BANKS = Path("/usr/share/zynaddsubfx/banks")
SPLITS = ("train", "valid", "test", "timbre", "timbre_test")
SYNTHESIZER = "synthesizer"  # the project's own
ZYNADDSUBFX = "zynaddsubfx"
ZYNADDSUBFX_HELD_OUT = "zynaddsubfx_held_out"  # the banks that the other name is without


class Soundfonts(Section):
    """Sources of timbres that each split is rendered with, equally often.

    Names known here, those of `PRESET_SOURCES`, or paths of .sf2 or .sf3 files; what is listed
    several times is drawn so many times as often.
    """

    train: list[str] = Field(min_length=1)
    valid: list[str] = Field(min_length=1)
    test: list[str] = Field(min_length=1)  # of the benchmark
    timbre: list[str] = Field(min_length=1)  # of the timbre net, the metric's
    timbre_test: list[str] = Field(min_length=1)  # that net is tried on these

    @model_validator(mode="after")
    def _unseen(self) -> Self:
        for split, excluded in (
            ("test", {*self.train, *self.valid}),
            ("timbre", {*self.train, *self.valid, *self.test}),
            ("timbre_test", {*self.timbre}),
        ):
            if both := sorted(excluded & {*getattr(self, split)}):
                others = {"test": "are not trained on", "timbre": "no other part is given"}
                rule = others.get(split, "the timbre net is not trained on")
                raise ValueError(
                    f"{split} fonts that {rule} expected, got soundfonts.{split}: {both[0]}"
                )
        return self


class Resource(NamedTuple):
    """A soundfont that is known by name, or what another source needs."""

    path: Path
    licence: str
    package: str


KNOWN_FONTS = {
    "FluidR3_GM": Resource(
        Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), "MIT", "Debian's fluid-soundfont-gm"
    ),
    "MuseScore_General_Lite": Resource(
        Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"),
        "MIT",
        "Debian's musescore-general-soundfont-small",
    ),
    "sf_GMbank": Resource(
        Path("/usr/share/sounds/sf2/sf_GMbank.sf2"), "public domain", "Debian's csound-soundfont"
    ),
    "TimGM6mb": Resource(
        Path(str(files("pretty_midi") / "TimGM6mb.sf2")),
        "GPL-2.0",
        "the Python package pretty_midi",
    ),
}

ZYNADDSUBFX_NEEDS = (
    Resource(PLUGIN, "GPL-2.0-or-later", "Debian's zynaddsubfx-vst"),
    Resource(BANKS, "GPL-2.0-or-later", "Debian's zynaddsubfx-data"),
)
PRESET_SOURCES: dict[
    str, tuple[Resource, ...]
] = {  # sources with presets of their own, and what they need
    SYNTHESIZER: (),
    ZYNADDSUBFX: ZYNADDSUBFX_NEEDS,
    ZYNADDSUBFX_HELD_OUT: ZYNADDSUBFX_NEEDS,
}


def check(name: str) -> None:
    """Look for what a source of `PRESET_SOURCES` needs.

    Raises:
        InputError: saying which package brings what is missing.
    """
    for needed in PRESET_SOURCES[name]:
        if not needed.path.exists():
            raise InputError(
                f"expected {needed.path} for the source {name}, found nothing there; please "
                f"install {needed.package}."
            )


def find(name: str) -> tuple[Path, str]:
    """Find a soundfont by its name here or by its path.

    Returns:
        Its path and its licence, "unknown" for a path.

    Raises:
        InputError: saying which package brings it, or which names there are.
    """
    if name in KNOWN_FONTS:
        font = KNOWN_FONTS[name]
        if not font.path.is_file():
            raise InputError(
                f"expected the soundfont {name} at {font.path}, found no such file; "
                f"please install {font.package}."
            )
        return font.path, font.licence
    path = Path(name)
    if path.suffix.lower() not in (".sf2", ".sf3") or not path.is_file():
        raise InputError(
            f"expected a soundfont, got {name!r}; please give one of "
            f"{', '.join((*KNOWN_FONTS, *PRESET_SOURCES))} or the path of an .sf2 or .sf3 file."
        )
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise InputError(
            f"expected a soundfont in {path}, found something else; please give another file."
        )
    return path, "unknown"


def files_of(names: Iterable[str]) -> list[str]:
    """Names that are soundfonts, each once, without the sources that have no file."""
    return [name for name in dict.fromkeys(names) if name not in PRESET_SOURCES]


def file_name(name: str) -> str:
    """The name under which a font's copy is kept."""
    path = KNOWN_FONTS[name].path if name in KNOWN_FONTS else Path(name)
    return path.name
