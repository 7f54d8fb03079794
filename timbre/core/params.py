"""Parameters: how they are declared and checked, and the one analysis setting everything shares.

Each section of `params.yaml` is a `Section`, declared in the module that uses it; `stages.params`
joins them into the whole file. There are no defaults in code: a default is a number that
`dvc params diff` cannot show.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from timbre.core.errors import InputError


class ParamsError(InputError):
    """A parameter is missing, unknown, of the wrong type or out of range."""


class Section(BaseModel):
    """A group of parameters: unknown keys and wrong types are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Audio(Section):
    """The one definition of the mel spectrogram: for data, models, vocoder, metrics and tools."""

    sample_rate: int = Field(ge=8000, le=192_000)  # Hz
    n_fft: int = Field(ge=256, le=65_536)  # samples, also the length of the Hann window
    hop_length: int = Field(ge=64)  # samples
    n_mels: int = Field(ge=8, multiple_of=8)
    f_min: float = Field(ge=0)  # Hz
    f_max: float = Field(gt=0)  # Hz
    db_min: float = Field(lt=0)  # dB re full scale, stored as code 0
    db_step: float = Field(gt=0)  # dB a code
    db_mean: float  # dB, about the mean of mels: the models take (dB - db_mean) / db_std
    db_std: float = Field(gt=0)  # dB, about their standard deviation
    level_db: float = Field(lt=0)  # RMS of every rendered segment, dB re full scale
    segment_seconds: float = Field(gt=0, le=600)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.f_min < self.f_max <= self.sample_rate / 2:
            raise ValueError(f"f_min < f_max <= sample_rate / 2 expected, got f_max: {self.f_max}")
        if self.n_mels > self.n_fft // 2:
            raise ValueError(f"at most n_fft / 2 bands expected, got n_mels: {self.n_mels}")
        if self.n_fft < 2 * self.hop_length:
            raise ValueError(f"n_fft of at least 2 hops expected, got n_fft: {self.n_fft}")
        if (self.segment_seconds * self.sample_rate) % (4 * self.hop_length):
            raise ValueError(
                "segment_seconds that is a whole number of 4 hops expected, "
                f"got segment_seconds: {self.segment_seconds}"
            )
        return self

    @property
    def segment_samples(self) -> int:
        """Length of a segment in samples."""
        return round(self.segment_seconds * self.sample_rate)

    @property
    def segment_frames(self) -> int:
        """Length of a segment in spectrogram frames."""
        return self.segment_samples // self.hop_length

    @property
    def frames_per_second(self) -> float:
        """Spectrogram frames in a second."""
        return self.sample_rate / self.hop_length


Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, schema: type[Model]) -> Model:
    """Read a parameter file and check it as a whole. YAML 1.2, as DVC reads it: 1e-4 is a number.

    Raises:
        ParamsError: naming the dotted key at fault.
    """
    try:
        values = YAML(typ="safe").load(path)
    except FileNotFoundError as error:
        raise ParamsError(
            f"expected the parameters in {path}, found no such file; "
            "run this in the project's folder."
        ) from error
    except OSError as error:
        raise ParamsError(
            f"expected the parameters in {path}: {error.strerror}; please mend that."
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:  # also no date, too many digits
        where = " ".join(str(error).split())
        raise ParamsError(f"{path}: not readable as YAML: {where}") from error
    return parse(values, schema, str(path))


def parse(values: Any, schema: type[Model], origin: str) -> Model:
    """Check `values` against `schema`; `origin` says in the message where they came from.

    Raises:
        ParamsError: naming the dotted key at fault, a misspelt one first.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        # a misspelt key is also a missing one: say what was written, not what was not
        fault = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        if fault["type"] == "extra_forbidden":
            keys = _keys_beside(schema, fault["loc"])
            near = get_close_matches(str(fault["loc"][-1]), keys, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(keys)}."
            raise ParamsError(f"{origin}: {key}: unknown key; {hint}") from None
        message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if fault["type"] == "missing":
            raise ParamsError(f"{origin}: {key}: this key is missing; please add it.") from None
        if fault["type"] == "value_error":  # one of the whole file names its key itself
            where = f"{origin}: {key}" if fault["loc"] else origin
            raise ParamsError(f"{where}: {message}.") from None
        raise ParamsError(f"{origin}: {key}: {message} expected, got {fault['input']!r}.") from None


def _keys_beside(schema: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the section around `loc` declares."""
    for part in loc[:-1]:
        inner = schema.model_fields[part].annotation if part in schema.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        schema = inner
    return list(schema.model_fields)
