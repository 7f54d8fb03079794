"""What commands say: a sentence for what the user can mend, a traceback for what is our fault."""

import pytest
import torch

from timbre.core.console import run
from timbre.core.errors import InputError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("expected a, got b; please give a."), "expected a, got b; please give a."),
        (torch.OutOfMemoryError("CUDA out of memory."), "expected room on the graphics card"),
    ],
)
def test_what_can_be_mended_is_a_sentence(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == 2
    written = capsys.readouterr().err
    assert written.startswith(f"error: {said}")
    assert written.count("\n") == 1


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    def main() -> None:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        run(main)
