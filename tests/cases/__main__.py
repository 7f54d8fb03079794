"""Try every case on the installed product and print what was seen.

Usage: python -m tests.cases [NUMBER ...]
"""

import sys
import tempfile
from pathlib import Path

from tests.cases import inputs
from tests.cases.case import CASES, Desk
from tests.cases.every import collect


def main() -> int:
    """The number of cases that failed."""
    collect()
    chosen = [int(word) for word in sys.argv[1:]] or sorted(CASES)
    failed = []
    for number in chosen:
        case = CASES[number]
        with tempfile.TemporaryDirectory() as name:
            inputs.make(Path(name))
            seen = case.check(Desk(Path(name)))
        print(f"{number:2} {case.does}\n   expected: {case.expected}\n   seen: {seen.text}")
        print("   pass" if seen.passed else "   FAIL", flush=True)
        if not seen.passed:
            failed.append(number)
    failures = f", failed: {', '.join(map(str, failed))}" if failed else ""
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cases pass{failures}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(min(1, main()))
