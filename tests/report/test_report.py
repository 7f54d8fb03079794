"""The report: what it says is what was scored, and the page is whole and stands alone."""

import base64
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from dvc.repo import Repo
from dvc_render import VegaRenderer, render_html

from tests.conftest import ROOT, change, committed, hash_of, run_stage, write_params
from tests.report.inputs import SYSTEMS, Inputs, case
from timbre.core.errors import InputError
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.metrics.registry import METRICS

VOID = {"br", "img", "link", "meta", "wbr"}  # elements that have no end


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A report of six systems on eight cases, the last without a target, one kept."""
    inputs = Inputs(tmp_path_factory.mktemp("report"))
    write_params(inputs.folder, change(committed(), {"report.resamples": 100}))
    inputs.write([case(n, target=n < 7) for n in range(8)], SYSTEMS, 1)
    inputs.run()
    return inputs


@pytest.fixture(scope="module")
def page(made: Inputs) -> str:
    return (made.folder / "report.html").read_text()


def test_the_means_are_those_of_the_cases(made: Inputs) -> None:
    with (made.folder / "scores.csv").open() as file:
        rows = {(row["system"], row["metric"]): row for row in csv.DictReader(file)}
    with (made.folder / "cases/glow.csv").open() as file:
        cells = [row["lsd"] for row in csv.DictReader(file)]
    values = [float(cell) for cell in cells if cell]
    row = rows["glow", "lsd"]
    assert float(row["mean"]) == pytest.approx(np.mean(values), abs=1e-4)
    assert float(row["low"]) < float(row["mean"]) < float(row["high"])
    assert int(row["cases"]) == len(values) == 7
    assert len(rows) == len(SYSTEMS) * len(METRICS)


def test_the_table_of_the_markdown_has_every_system_in_order(made: Inputs) -> None:
    lines = (made.folder / "report.md").read_text().splitlines()
    names = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert names == ["system", *SYSTEMS]
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_floor_and_ceiling_are_marked(page: str) -> None:
    for name, role in (("copy_content", "floor"), ("resynthesis", "ceiling")):
        pattern = rf'<tr class="{role}"><th scope="row">{name} <span class="tag">{role}</span>'
        assert re.search(pattern, page.replace("<wbr>", ""))


def test_the_page_asks_for_nothing_from_outside(page: str) -> None:
    links = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert not re.search(r"url\(|@import|<script[^>]|http|fetch\(|import\(", page)


class Page(HTMLParser):
    """Checks that tags close, and collects what is to be checked further."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def test_pictures_players_and_headings_have_words(page: str) -> None:
    parsed = Page(page)
    assert all(image["alt"] for image in parsed.all("img"))
    assert all(player["aria-label"] for player in parsed.all("audio"))
    assert all(heading["scope"] for heading in parsed.all("th"))
    assert len(parsed.all("table")) == len(parsed.all("caption"))
    names = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    targets = [link["href"] for link in parsed.all("a")]
    assert {f"#{name}" for name in names} == set(targets)


def test_what_is_heard_is_what_was_kept(made: Inputs, page: str) -> None:
    players = {each["aria-label"]: each["src"] for each in Page(page).all("audio")}
    assert len(players) == 3 + len(SYSTEMS)
    whole = benchmark.Cases(made.folder / "benchmark.parquet")[0]
    for name in ("content", "style", "target", "glow"):
        with soundfile.SoundFile(io.BytesIO(decoded(players[f"{name}, case case00"]))) as file:
            heard = file.read(dtype="float32")
        expected = whole.content if name == "glow" else getattr(whole, name)
        assert np.array_equal(heard, expected)


def test_clips_of_one_music_share_a_clock(page: str) -> None:
    players = Page(page).all("audio")
    apart = [each["aria-label"] for each in players if "data-clock" not in each]
    assert apart == ["style, case case00"]


def decoded(url: str | None) -> bytes:
    """The bytes of a data URL."""
    assert url is not None
    return base64.b64decode(url.partition(",")[2])


def test_names_cannot_break_the_page(page: str) -> None:
    assert "piano &lt;1&gt;" in page
    assert "<1>" not in page


def test_the_same_inputs_give_the_same_bytes(made: Inputs) -> None:
    before = hash_of(made.folder)
    result = run_stage(made.folder, *made.arguments)  # anew: sets are in another order there
    assert result.returncode == 0, result.stderr
    assert hash_of(made.folder) == before


def test_a_report_of_one_system_and_one_case_is_written(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path)
    write_params(tmp_path, change(committed(), {"report.resamples": 100}))
    inputs.write([case(0, target=False)], ("mine",), 0)
    inputs.run()
    Page((tmp_path / "report.html").read_text())
    assert "| mine | model |" in (tmp_path / "report.md").read_text()


def test_no_scores_are_the_users_to_mend(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path)
    write_params(tmp_path, committed())
    inputs.write([case(0)], (), 0)
    with pytest.raises(InputError, match=r"^expected a CSV file .* found none; please .*\.$"):
        inputs.run()


def test_scores_of_another_benchmark_are_refused(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path)
    write_params(tmp_path, committed())
    inputs.write([case(0)], ("glow",), 0)
    inputs.write_scores("glow", {"old": {"lsd": 3.0}})
    with pytest.raises(InputError, match="got case old of glow; please"):
        inputs.run()
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("template", "file", "x", "y"),
    [("intervals", "lsd", "mean", "system"), ("families", "families", "style", "content")],
)
def test_dvc_fills_the_plots_with_the_figures(
    made: Inputs, template: str, file: str, x: str, y: str
) -> None:
    rows = json.loads((made.folder / f"plots/{file}.json").read_text())
    assert rows
    points = [row | {"rev": rev} for rev in ("workspace", "HEAD") for row in rows]
    renderer = VegaRenderer(
        points, file, template=template, template_dir=str(ROOT / ".dvc/plots"), x=x, y=y
    )
    filled = json.dumps(renderer.get_filled_template())
    assert "DVC_METRIC" not in filled
    assert rows[0]["system"] in filled
    fields = set(re.findall(r'"field": "(\w+)"', filled))
    assert {x, y, "rev"} <= fields <= rows[0].keys() | {"rev"}


def test_plots_without_network_name_the_report(tmp_path: Path) -> None:
    template = Path(Repo(str(ROOT)).dvc_dir) / Repo(str(ROOT)).config["plots"]["html_template"]
    points = [{"step": step, "loss": 1 / step, "rev": "HEAD"} for step in (1, 2)]
    render_html(
        [VegaRenderer(points, "loss.csv", x="step", y="loss")], tmp_path / "p.html", template
    )
    text = (tmp_path / "p.html").read_text()
    Page(text)
    assert not re.search(r"\{(refresh_tag|scripts|plot_divs)\}", text)
    loaded, asked, drawn = (
        text.index("vega-embed"),
        text.index('"vegaEmbed" in'),
        text.index("vegaEmbed("),
    )
    assert loaded < text.index("data/report.html") < asked < drawn
