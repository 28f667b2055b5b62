"""The walk in docs/walk.md: its queries on a home, and what the page says that they tell.

Belongs here: reading the page and asking the home. Does not belong here: any figure.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from dagster_project.common.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "walk.md"
STEP = re.compile(r"^```sql\n(.*?)^```\n+```text\n(.*?)^```", re.M | re.S)
LINES = re.compile(r"^```(?:csv|html) ?(.*?)\n(.*?)^```", re.M | re.S)
HOME = "'var/"
"""How a path in the home begins on the page."""


def steps() -> list[tuple[str, str]]:
    """List each query of the page, with what it tells there."""
    return STEP.findall(PAGE.read_text("utf-8"))


def quoted() -> list[tuple[str, list[str]]]:
    """List the lines that the page quotes, each under the path of its file."""
    found = LINES.findall(PAGE.read_text("utf-8"))
    return [(path, lines.splitlines()) for path, lines in found]


def told(home: Path, sql: str) -> str:
    """Ask the home, and lay out the answer as the page does: names, then rows."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'warehouse.duckdb'}' as warehouse (read_only)")
        release = home / "published" / "current" / "kto.duckdb"
        connection.execute(f"attach '{release}' as release (read_only)")
        asked = connection.execute(sql.replace(HOME, f"'{home}/"))
        names = [column[0] for column in asked.description]
        rows = [names, *asked.fetchall()]
    texts = [["" if one is None else str(one) for one in row] for row in rows]
    return "".join(f"{' | '.join(row)}\n" for row in texts)
