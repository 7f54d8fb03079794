"""Registry of models: every folder here with a `config.py` and a `model.py` is one, by its name.

Reading it needs no PyTorch, except for `model_class`.
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pydantic import create_model

from timbre.core.optimization import Training
from timbre.core.params import Section

if TYPE_CHECKING:
    from timbre.models.contract import TrainableModel

FORMER_NAMES = {"timbre": "timbre_net"}  # in checkpoints from before version 0.2


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Names of all models, sorted."""
    configs = Path(__file__).parent.glob("*/config.py")
    return tuple(
        sorted(path.parent.name for path in configs if (path.parent / "model.py").exists())
    )


def config(name: str) -> ModuleType:
    """The module that declares a model's parameters."""
    return import_module(f"timbre.models.{name}.config")


def model_class(name: str) -> "type[TrainableModel]":
    """The class of a model; a former name will do.

    Raises:
        ImportError: if there is no such model.
    """
    module = import_module(f"timbre.models.{FORMER_NAMES.get(name, name)}.model")
    model: type[TrainableModel] = module.Model
    return model


def training_section(name: str) -> type[Training] | None:
    """The section of `train` for a model of content, style and target; None for other networks."""
    module = config(name)
    for declared in vars(module).values():
        if (
            isinstance(declared, type)
            and issubclass(declared, Training)
            and declared.__module__ == module.__name__
        ):
            return declared
    return None


def transfer_options(name: str) -> tuple[str, ...] | None:
    """Names of the settings that a model takes in a transfer; None for what does not transfer."""
    options: tuple[str, ...] | None = getattr(config(name), "TRANSFER_OPTIONS", None)
    return options


def trainable() -> dict[str, type[Training]]:
    """All models with a section of their own, by name."""
    sections = {name: training_section(name) for name in names()}
    return {name: section for name, section in sections.items() if section is not None}


if TYPE_CHECKING:

    class Train(Section):
        """Section `train`: one for each model, by its name."""

        def __getattr__(self, name: str) -> Training: ...
else:
    Train = create_model(
        "Train",
        __base__=Section,
        __doc__="Section `train`: one for each model, by its name.",
        **{name: (section, ...) for name, section in trainable().items()},
    )
