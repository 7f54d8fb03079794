"""Registry of systems that learn nothing and have settings: folders with `config.py`, `system.py`.

Reading it needs no PyTorch, except for `system_class`.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from timbre.core.params import Section


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Names of all such systems, sorted."""
    configs = Path(__file__).parent.glob("*/config.py")
    return tuple(sorted(path.parent.name for path in configs))


def config_class(name: str) -> type[Section]:
    """The section of `systems` of this name: the one that its `config.py` declares."""
    module = import_module(f"timbre.evaluation.systems.{name}.config")
    [section] = [
        declared
        for declared in vars(module).values()
        if isinstance(declared, type)
        and issubclass(declared, Section)
        and declared.__module__ == module.__name__
    ]
    return section


def system_class(name: str) -> Callable[[Section], Any]:
    """The class of a system, which is called with content, style and a seed."""
    module = import_module(f"timbre.evaluation.systems.{name}.system")
    system: Callable[[Section], Any] = module.System
    return system


if TYPE_CHECKING:

    class Systems(Section):
        """Section `systems`: one for each, by its name."""

        def __getattr__(self, name: str) -> Section: ...
else:
    Systems = create_model(
        "Systems",
        __base__=Section,
        __doc__="Section `systems`: one for each, by its name.",
        **{name: (config_class(name), ...) for name in names()},
    )
