"""Every page leads to what is there, and the entrance stays short enough to be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT

PAGES = sorted(
    [
        *PROJECT_ROOT.glob("*.md"),
        *(PROJECT_ROOT / "docs").rglob("*.md"),
        *(PROJECT_ROOT / "benchmarks").glob("*.md"),
        *(PROJECT_ROOT / "dagster_project" / "demo").rglob("*.md"),
    ]
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
SCREEN = 45
"""Lines of text that a screen shows at once."""


def text_of(page: Path) -> str:
    """Read a page without its examples, in which nothing is a link or a heading."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)


def anchors_of(page: Path) -> set[str]:
    """Name the headings of a page as the hosts of repositories do."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def named(page: Path) -> str:
    return page.relative_to(PROJECT_ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    for where, anchor in LINK.findall(text_of(page)):
        target = (page.parent / where).resolve() if where else page
        assert target.exists(), f"{named(page)}: {where}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors_of(target), f"{named(page)}: {where}#{anchor}"


def test_every_page_is_found_from_the_entrance() -> None:
    found, ahead = set(), {PROJECT_ROOT / "README.md"}
    while ahead:
        page = ahead.pop()
        found.add(page)
        links = {(page.parent / where).resolve() for where, _ in LINK.findall(text_of(page))}
        ahead |= {link for link in links if link.suffix == ".md" and link.exists()} - found
    assert [named(page) for page in PAGES if page not in found] == []


def test_each_section_of_the_entrance_fits_on_a_screen() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text("utf-8")
    sections = re.split(r"^(?=## )", readme, flags=re.M)
    assert [part.partition("\n")[0] for part in sections if part.count("\n") > SCREEN] == []
    assert readme.count("\n") <= 4 * SCREEN


def test_the_changelog_tells_of_this_version_and_of_every_command() -> None:
    changes = (PROJECT_ROOT / "CHANGELOG.md").read_text("utf-8")
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.search(rf"\b{re.escape(project['version'])}\b", changes)
    assert [name for name in main.commands if name not in changes] == []
