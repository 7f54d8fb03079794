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

from stages.params import Params
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.core.params import parse

PARAMS = Path("params.yaml")
PROFILES = Path("profiles")

Values = dict[str, Any]


def read(path: Path) -> Values:
    """The values of a YAML file, with its comments.

    Raises:
        InputError: if it is not there, no YAML, or holds no keys.
    """
    try:
        values = YAML().load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"expected values in {path}, got {reason}; please mend it.") from error
    if not isinstance(values, dict):
        raise InputError(f"expected keys with values in {path}, found none; please add them.")
    return values


def leaves(values: Values, prefix: str = "") -> Values:
    """Everything in a mapping that is no mapping itself, by dotted key."""
    flat: Values = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        flat |= leaves(value, f"{key}.") if isinstance(value, dict) else {key: value}
    return flat


def merge(values: Values, changes: Values) -> None:
    """Put changes into values that have the same keys, and perhaps others."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value


def switch(name: str) -> int:
    """Write the values of a profile into the parameters, whose comments stay.

    Returns:
        How many values there are.

    Raises:
        InputError: if the parameters would be refused; they are as before.
    """
    values, profile = read(PARAMS), read(PROFILES / f"{name}.yaml")
    merge(values, profile)
    with replacing(PARAMS) as temporary:
        YAML().dump(values, temporary)
        changed = YAML(typ="safe").load(temporary)
        parse(changed, Params, f"{PARAMS} with {PROFILES / name}.yaml")
    return len(leaves(profile))


def status(names: list[str]) -> str:
    """Profile that the parameters agree with, or how they differ from the nearest one."""
    params = leaves(read(PARAMS))
    differing = {}
    for name in names:
        profile = leaves(read(PROFILES / f"{name}.yaml"))
        differing[name] = [
            f"  {key}: {params.get(key)} ({name}: {value})"
            for key, value in profile.items()
            if params.get(key) != value
        ]
    nearest = min(names, key=lambda name: len(differing[name]))
    if not differing[nearest]:
        return f"{PARAMS}: {nearest}"
    return "\n".join([f"{PARAMS}: custom; nearest to {nearest}, but for", *differing[nearest]])


def main() -> None:
    """Switch, or without a name say where we are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help="of the profile; without it: say which one is set")
    args = parser.parse_args()

    names = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if not names:
        raise InputError(
            f"expected profiles in {PROFILES}, found none; run this in the project's folder."
        )
    if args.name is None:
        print(status(names))
    elif args.name in names:
        print(f"{PARAMS}: {switch(args.name)} values set for {args.name}; run ./run dvc repro")
    else:
        raise InputError(f"expected a profile, one of {', '.join(names)}, got {args.name!r}.")


if __name__ == "__main__":
    run(main)
