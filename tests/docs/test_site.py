"""The site of the pages: whole, found by its navigation, and the same without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagster_project.common.settings import PROJECT_ROOT

pytest.importorskip("mkdocs", reason="mkdocs is not installed: no site is built")

DOCS = PROJECT_ROOT / "docs"
LOADING = {"src", "srcset", "poster", "data"}
"""Attributes whose address a browser fetches by itself; of links only those in the head are."""
KINDS = ("Tutorial", "How-to", "Reference", "Explanation", "Nederlands")


class Read(HTMLParser):
    """What a page loads, leads to and can be led to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in LOADING or (tag == "link" and name == "href"):
                self.loaded.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    config = ("--config-file", str(DOCS / "site" / "mkdocs.yml"), "--site-dir", str(folder))
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", *config],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Read]:
    return {page: Read(page) for page in sorted(site.rglob("*.html"))}


def elsewhere(addresses: list[str]) -> Iterator[str]:
    return (one for one in addresses if re.match(r"(\w+:)?//", one))


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Read]) -> None:
    assert pages
    assert [one for page in pages.values() for one in elsewhere(page.loaded)] == []
    for sheet in site.rglob("*.css"):
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", sheet.read_text("utf-8"))
        assert list(elsewhere(loaded)) == [], sheet
    for script in site.rglob("*.js"):
        assert not re.search(r"\b(cdn|unpkg|jsdelivr|googleapis)\b", script.read_text("utf-8"))


def test_every_page_is_in_the_navigation(site: Path) -> None:
    bar, _, _ = (site / "index.html").read_text("utf-8").partition('role="main"')
    led_to = set(re.findall(r'href="([^"#]+\.html)"', bar))
    written = {f"{page.relative_to(DOCS).with_suffix('.html')}" for page in DOCS.rglob("*.md")}
    assert len(written) > 20
    assert written - led_to == set()
    assert [kind for kind in KINDS if kind not in bar] == []


def test_every_link_leads_to_a_file_of_the_site_and_a_place_in_it(
    site: Path, pages: dict[Path, Read]
) -> None:
    """Those to files that are shown are not followed by mkdocs itself."""
    followed = 0
    for page, read in pages.items():
        if page.name == "404.html":
            continue
        for link in read.links:
            where, _, anchor = link.partition("#")
            if re.match(r"\w+:", where) or link == "#":
                continue
            target = (page.parent / where).resolve() if where else page
            assert target.is_file(), f"{page.relative_to(site)}: {link}"
            if anchor and target.suffix == ".html":
                assert anchor in pages[target].ids, f"{page.relative_to(site)}: {link}"
            followed += 1
    assert followed > 1000


def test_the_home_page_is_the_readme_with_its_picture(site: Path, pages: dict[Path, Read]) -> None:
    assert "Two commands" in (site / "index.html").read_text("utf-8")
    (picture,) = [one for one in pages[site / "index.html"].loaded if one.endswith(".png")]
    assert (site / picture).is_file()


def test_a_page_in_dutch_says_so(site: Path) -> None:
    assert '<div lang="nl">' in (site / "leeswijzer.html").read_text("utf-8")
    assert '<div lang="nl">' not in (site / "bi.html").read_text("utf-8")
