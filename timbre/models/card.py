"""Model cards: what each file of weights that ships is, as JSON and as a page."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.core.params import Audio, Section, parse
from timbre.models import shipped


class Source(Section):
    """Something that the training learned from."""

    name: str
    what: str  # of it: how many pieces, which instruments
    licence: str
    url: str


class About(Section):
    """Facts of a card that the weights do not know of themselves."""

    title: str  # what they do, in a line
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")  # of the end of the training
    licence: str  # of the weights
    seed: int = Field(ge=0)
    steps: dict[str, int]  # of each training that made them, the base's too
    data: list[Source] = Field(min_length=1)
    measured_on: str  # what the metrics were measured on
    metrics: dict[str, float]
    limits: list[str]  # what they cannot do


class Card(Section):
    """All that is known of a file of weights."""

    name: str  # what the tools know it by
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=1)
    precision: Literal["float16", "float32"]  # in the file; it is computed in float32
    parameters: int = Field(ge=0)  # numbers learned, the base's included
    model: dict[str, Any]  # the checkpoint's own description: name, network and base
    audio: Audio  # the mel
    about: About


def of(path: Path, name: str, precision: Literal["float16", "float32"], about: About) -> Card:
    """The card of a checkpoint.

    Args:
        path: of the checkpoint.
        name: what the tools know it by.
        precision: of the numbers in the file.
        about: what the checkpoint does not know.

    Raises:
        InputError: if the file is no checkpoint.
    """
    from timbre.models import checkpoint  # PyTorch takes a second: only for who writes cards
    from timbre.models.blocks import parameter_count

    model = checkpoint.load(path)[1]
    described = checkpoint.description(path)
    return Card(
        name=name,
        sha256=sha256(path),
        bytes=path.stat().st_size,
        precision=precision,
        parameters=parameter_count(model),
        model={key: described[key] for key in ("name", "network", "base")},
        audio=Audio.model_validate(described["audio"]),
        about=about,
    )


def read(path: Path) -> Card:
    """Read a card.

    Raises:
        InputError: if there is none, or what is there is none.
    """
    return parse(_json(path), Card, str(path))


def read_about(path: Path) -> About:
    """Read what somebody wrote about weights.

    Raises:
        InputError: naming the key at fault.
    """
    return parse(_json(path), About, str(path))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected a JSON file in {path}: {error}; please mend it or name another."
        ) from None


def verified(folder: Path, name: str) -> Path:
    """The path of weights, if they are there and what their card says; one's own have no card.

    Raises:
        InputError: if they are missing, or others than the card describes.
    """
    path, card = shipped.weights_path(folder, name), shipped.card_path(folder, name)
    if not path.is_file():
        raise InputError(
            f"expected trained weights in {path}, found no such file; "
            "please name the folder that holds them with --weights."
        )
    if card.exists() and read(card).sha256 != sha256(path):
        raise InputError(
            f"expected the weights that {card} describes, {path} holds others or a part of them; "
            "please get both again."
        )
    return path


def markdown(card: Card) -> str:
    """The card as a page for people."""
    import jinja2  # here, for those who only read cards: it takes a tenth of a second

    environment = jinja2.Environment(
        autoescape=False,  # Markdown, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    template = files("timbre.models").joinpath("card.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(template).render(card=card, about=card.about, audio=card.audio)
