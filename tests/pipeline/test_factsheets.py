"""The pages of a release, as the commands make them: drawn once, and no more than is published."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from kto import Place, answers

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.factsheet import draw
from dagster_project.factsheet.contents import Sheet
from dagster_project.factsheet.draw import sheet_files
from dagster_project.factsheet.figures import Facts
from dagster_project.factsheet.figures import Place as Named
from dagster_project.factsheet.words import Words

FIRST, SECOND = (Named("nvvb", "GM0637", one) for one in ("2020Q4", "2021Q1"))


class Reading(Place):
    """A home whose releases have pages."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"KTO_FACTSHEETS": "yes"}

    @property
    def current(self) -> Path:
        return (self.home / "published" / "current").resolve()

    def page(self, named: Named) -> Path:
        return self.current / sheet_files(named)[0]


def landed(folder: Path) -> Reading:
    """Twenty answers at the desk with an 8, all on one product but for nine."""
    place = Reading(folder)
    place.land("counter", "2021-01-05.csv", answers(4, *range(20)))
    return place


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    place = landed(tmp_path_factory.mktemp("pages"))
    assert "factsheets   1 drawn, 0 as they were; see" in "\n".join(place.told("refresh"))
    return place


def test_a_release_has_a_front_page_an_annex_and_a_factsheet(story: Reading) -> None:
    page = story.page(FIRST).read_text("utf-8")
    assert "Zoetermeer, 4e kwartaal 2020" in page
    assert re.search(r'class="big">8,0', page)
    assert "n = 20" in page
    front = (story.current / "index.html").read_text("utf-8")
    assert "Zoetermeer" in front
    assert (story.current / "annex" / "nvvb.html").is_file()


def test_every_link_leads_to_a_file_of_the_release(story: Reading) -> None:
    for page in story.current.rglob("*.html"):
        for link in re.findall(r'href="([^"#][^"]*)"', page.read_text("utf-8")):
            assert (page.parent / link).is_file(), (page.name, link)


def test_anybody_can_read_the_pages_and_nobody_change_them(story: Reading) -> None:
    for path in (story.current / "factsheet").rglob("*"):
        assert oct(path.stat().st_mode & 0o777) == ("0o755" if path.is_dir() else "0o444")


def test_the_table_of_a_factsheet_is_what_is_published(story: Reading) -> None:
    text = (story.current / sheet_files(FIRST)[1]).read_text("utf-8-sig")
    head, *rows = (line.split(";") for line in text.splitlines())
    assert head[3:6] == ["Onderdeel", "Respondenten", "Waarde"]
    assert ["Balie", "", "", "Totaaloordeel", "20", "8,000000"] in [row[:6] for row in rows]
    ((count,),) = story.query("select count(*) from marts.mart_kpi")
    assert len(rows) == count


def test_a_page_is_drawn_once(story: Reading) -> None:
    before = story.page(FIRST).stat()
    story.land("counter", "2021-04-05.csv", answers(1, *range(100, 130), grade=7, year=2021))
    said = "\n".join(story.told("refresh"))
    assert "factsheets   1 drawn, 1 as they were; see" in said
    after = story.page(FIRST).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert re.search(r'class="big">7,0', story.page(SECOND).read_text("utf-8"))


def test_a_damaged_page_is_drawn_anew_in_a_new_release(story: Reading) -> None:
    page = story.page(SECOND)
    good = page.read_bytes()
    page.chmod(0o644)
    page.write_bytes(b"<p>9,9</p>")
    (story.home / "internal" / "settled.json").unlink(missing_ok=True)
    story.told("refresh")
    assert story.page(SECOND) != page
    # but for the name of the release that it is of
    assert len(story.page(SECOND).read_bytes()) == len(good)


def test_the_command_draws_one_by_code_or_name(story: Reading, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    assert story.told("factsheet", "zoetermeer", "2020Q4", "--out", str(out)) == [str(out)]
    assert "Zoetermeer, 4e kwartaal 2020" in out.read_text("utf-8")
    story.told("factsheet", "GM0637", "2020Q4", "--language", "en", "--out", str(out))
    assert "Zoetermeer, quarter 4 of 2020" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Zoetermer", "2020Q4"), "did you mean Zoetermeer?"),
        (("GM0637", "2020Q3"), "there is no 2020Q3 of GM0637; there is 2020Q4, 2021Q1"),
        (("GM0637", "2020Q4", "--study", "no"), "there is no such study"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    story: Reading, words: tuple[str, ...], said: str
) -> None:
    assert said in story.refused("factsheet", *words)


def test_what_is_not_published_yet_is_drawn_of_the_preview_only(
    story: Reading, tmp_path: Path
) -> None:
    story.land("counter", "2021-05-05.csv", answers(2, *range(200, 220), grade=6, year=2021))
    story.told("refresh", "--preview")
    assert "there is no 2021Q2" in story.refused("factsheet", "GM0637", "2021Q2")
    out = tmp_path / "out.html"
    story.told("factsheet", "GM0637", "2021Q2", "--preview", "--out", str(out))
    assert "Voorlopig: nog niet gepubliceerd" in out.read_text("utf-8")


def test_a_release_goes_out_when_its_pages_cannot_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, *_: object) -> None:
        (folder / draw.SHEETS).mkdir()
        raise RuntimeError("no room in the margin")

    monkeypatch.setattr(draw, "draw_pages", fail)
    place = landed(tmp_path)
    said = "\n".join(place.told("refresh"))
    assert (
        "factsheets   not drawn, the release has none: RuntimeError: no room in the margin" in said
    )
    assert sorted(one.name for one in place.current.iterdir()) == [
        "kto.duckdb",
        "manifest.json",
        "parquet",
        "semantic.yml",
    ]


def test_one_page_that_cannot_be_drawn_keeps_no_other_back(
    story: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = draw.sheet_of

    def fail_once(codebook: Codebook, text: Words, facts: Facts, period: str) -> Sheet:
        if period == FIRST.period:
            raise KeyError("no such scale")
        return real(codebook, text, facts, period)

    monkeypatch.setattr(draw, "sheet_of", fail_once)
    folder = tmp_path / "release"
    shutil.copytree(
        story.current, folder, ignore=shutil.ignore_patterns("factsheet", "*.html", "annex")
    )
    drawn = draw.draw_pages(folder, load_codebook(PROJECT_ROOT / "seeds"))
    name = sheet_files(FIRST)[0]
    assert drawn.failed == (f"{name}: KeyError: 'no such scale'",)
    assert "kon niet worden gemaakt" in (folder / name).read_text("utf-8")
    assert "Zoetermeer" in (folder / sheet_files(SECOND)[0]).read_text("utf-8")


def test_an_installation_can_do_without_pages(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.land("counter", "2021-01-05.csv", answers(4, *range(20)))
    place.told("refresh")
    assert not (place.home / "published" / "current" / "index.html").exists()


def test_a_setting_that_is_neither_yes_nor_no_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KTO_FACTSHEETS", "maybe")
    assert "KTO_FACTSHEETS is 'maybe'; give yes or no" in Place(tmp_path).refused("status")
