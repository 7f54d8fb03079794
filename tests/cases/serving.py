"""Cases of the web page and the library."""

from tests.cases.case import Desk, Seen, case, tested

tested(
    38, "breaks an upload off", "what has come of it is deleted at once",
    "tests/page/test_uploads.py::test_an_upload_that_is_broken_off_is_deleted_at_once",
)  # fmt: skip
tested(
    39, "serves the page at /timbre/ behind a proxy", "uploads and results go through",
    "tests/page/test_proxy.py::test_behind_a_proxy_at_a_sub_path_it_works",
)  # fmt: skip

LIBRARY = """
import concurrent.futures, numpy as np, torch
from timbre import Transfer
transfer = Transfer.load("vqvae")
rng = np.random.default_rng(0)
time = np.arange(16000) / 16000
decay = 0.3 * np.exp(-2 * time)
clips = [(decay * np.sin(f * time)).astype("f4") for f in (1600, 2000, 2500, 3000)]
style = (0.3 * np.sign(np.sin(2 * np.pi * 196 * time))).astype("f4")
"""


@case(41, "sets torch's seed, transfers, and draws", "draws differ with the seed")
def _(desk: Desk) -> Seen:
    (desk.folder / "library.py").write_text(
        LIBRARY + "for seed in (1, 2):\n"
        "    torch.manual_seed(seed)\n"
        "    transfer(clips[0], style, 16000)\n"
        "    print(torch.rand(1).item())\n"
    )
    ended = desk.run("library")
    return ended.seen(ended.code == 0 and len(set(ended.told.split())) == 2)


@case(42, "shares one Transfer among four threads", "results as one after the other")
def _(desk: Desk) -> Seen:
    (desk.folder / "library.py").write_text(
        LIBRARY + "alone = [transfer(clip, style, 16000) for clip in clips]\n"
        "with concurrent.futures.ThreadPoolExecutor(4) as pool:\n"
        "    together = list(pool.map(lambda clip: transfer(clip, style, 16000), clips))\n"
        "print(max(np.abs(a - b).max() for a, b in zip(alone, together)))\n"
    )
    ended = desk.run("library")
    return ended.seen(ended.code == 0 and float(ended.told or 1) == 0)
