"""HTML of the pages, made by Jinja templates; each file stands by itself.

Belongs here: templates, style, charts put into them. Does not belong here: choosing figures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagster_project.factsheet.charts import drawn
from dagster_project.factsheet.contents import Sheet
from dagster_project.factsheet.words import Words

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = drawn
    return environment


def sheet_page(sheet: Sheet, words: Words, links: dict[str, str]) -> str:
    """Return the HTML of a factsheet.

    Args:
        sheet: what it holds.
        words: the language.
        links: addresses of pages beside it, by `front`, `annex`, `csv`; a page without them stands
            alone.

    """
    return page("sheet.html", words, sheet=sheet, links=links)


def page(template: str, words: Words, **filled: object) -> str:
    """Return the HTML of a template; values are escaped."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    text: Callable[..., str] = words
    found = _environment().get_template(template)
    return found.render(words=text, language=words.language, style=style, **filled)
