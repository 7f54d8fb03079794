"""Switch `params.yaml` to a profile, or say which one it agrees with; not a stage of the pipeline.

Usage: python -m stages.profile [NAME]

A profile, `profiles/NAME.yaml`, holds the values that differ from machine to machine, no others.
DVC's own composition with Hydra is not used: `dvc exp run` composes, `dvc repro` does not.
"""

import argparse
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from stages.params import Params
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.params import parse

PARAMS = Path("params.yaml")
PROFILES = Path("profiles")


class Document:
    """A YAML file: its text, its values, and where in the text each of them stands.

    Args:
        path: of the file.
        text: what to take for its content; by default what is there.

    Raises:
        InputError: if it is not there, no YAML, or holds no keys.
    """

    def __init__(self, path: Path, text: str | None = None) -> None:
        self.path = path
        try:
            # decoded here, as `read_text` would change the ends of lines
            self.text = path.read_bytes().decode() if text is None else text
            self.content = YAML(typ="safe").load(self.text)
            root = YAML().compose(self.text)
        except FileNotFoundError as error:
            raise InputError(
                f"expected {path}, found no such file; run this in the project's folder."
            ) from error
        except (YAMLError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: not readable as YAML: {' '.join(str(error).split())}"
            ) from error
        if not isinstance(root, MappingNode):
            raise InputError(f"expected keys with values in {path}, found none; please add them.")
        self.nodes = _leaves(root)

    def value(self, key: str) -> Any:
        """The value under a dotted key; None if there is none."""
        value = self.content
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value


def _leaves(mapping: MappingNode, prefix: str = "") -> dict[str, Node]:
    """Everything in a mapping that is no mapping itself, by dotted key."""
    found: dict[str, Node] = {}
    for name, node in mapping.value:
        key = f"{prefix}{name.value}"
        if isinstance(node, MappingNode):
            found |= _leaves(node, f"{key}.")
        else:
            found[key] = node
    return found


def profiles() -> list[str]:
    """The names of the profiles there are.

    Raises:
        InputError: if there are none.
    """
    names = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if not names:
        raise InputError(
            f"expected profiles in {PROFILES}, found none; run this in the project's folder."
        )
    return names


def differing(params: Document, profile: Document) -> list[str]:
    """The dotted keys of a profile whose values are others in the parameters."""
    return [key for key in profile.nodes if params.value(key) != profile.value(key)]


def switched(params: Document, profile: Document) -> str:
    """The text of the parameters with the values of a profile, and nothing else, put in.

    Values are replaced within the text. A round trip through ruamel.yaml would move the comment
    behind a value that becomes longer, so that there and back would not be the same file.

    Raises:
        InputError: if the profile has a key that is no key of the parameters, or if the outcome is
            refused by their schema.
    """
    for key, node in profile.nodes.items():
        if key not in params.nodes:
            raise InputError(
                f"{profile.path}: {key}: {params.path} has no such value; please correct the key."
            )
        if not (isinstance(node, ScalarNode) and isinstance(params.nodes[key], ScalarNode)):
            raise InputError(
                f"{profile.path}: {key}: a single value expected, got a list; please leave it out."
            )
    text = params.text
    # from the end on, so that the places ahead stay where they are
    for key in sorted(profile.nodes, key=lambda key: _start(params, key), reverse=True):
        node = profile.nodes[key]
        value = profile.text[node.start_mark.index : node.end_mark.index]
        text = text[: _start(params, key)] + value + text[params.nodes[key].end_mark.index :]

    origin = f"{params.path} with {profile.path}"
    parse(Document(Path(origin), text).content, Params, origin)
    return text


def _start(document: Document, key: str) -> int:
    """Where in the text of a document a value begins."""
    start: int = document.nodes[key].start_mark.index
    return start


def status(params: Document, names: list[str]) -> str:
    """Which profile the parameters agree with, or how they differ from the nearest one."""
    found = [Document(PROFILES / f"{name}.yaml") for name in names]
    nearest = min(found, key=lambda profile: len(differing(params, profile)))
    keys = differing(params, nearest)
    name = nearest.path.stem
    if not keys:
        return f"{PARAMS}: {name}"
    lines = [f"  {key}: {params.value(key)} ({name}: {nearest.value(key)})" for key in keys]
    return "\n".join([f"{PARAMS}: custom; nearest to {name}, but for", *lines])


def main() -> None:
    """Switch, or without a name say where we are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help="of the profile; without it: say which one is set")
    args = parser.parse_args()

    names = profiles()
    params = Document(PARAMS)
    if args.name is None:
        print(status(params, names))
        return
    if args.name not in names:
        raise InputError(f"expected a profile, one of {', '.join(names)}, got {args.name!r}.")
    profile = Document(PROFILES / f"{args.name}.yaml")
    text = switched(params, profile)
    with replacing(PARAMS) as temporary:
        temporary.write_bytes(text.encode())
    print(f"{PARAMS}: {len(profile.nodes)} values set for {args.name}; run ./run dvc repro")


if __name__ == "__main__":
    run(main)
