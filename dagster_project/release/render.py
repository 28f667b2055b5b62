"""How `kto status` looks in a terminal.

Belongs here: tables and sentences. Does not belong here: finding anything out (report).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

COLUMNS = {
    "read": "rows_read",
    "accepted": "rows_accepted",
    "quarantined": "rows_quarantined",
    "counted": "rows_counted",
    "superseded": "rows_superseded",
    "set aside": "rows_set_aside",
    "unmatched": "rows_unmatched",
}
STATE_STYLE = {"accepted": "green", "rejected": "bold red", "waiting": "yellow"}
NARROWEST, WIDEST = 120, 160


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """Plain lines, as wide as the terminal allows; `status` as `report.status` gives it."""
    columns = shutil.get_terminal_size().columns
    page = StringIO()
    console = Console(file=page, width=min(max(columns, NARROWEST), WIDEST), no_color=True)
    console.print(render_status(status))
    return [line.rstrip() for line in page.getvalue().rstrip().splitlines()]


def render_status(status: Mapping[str, Any]) -> RenderableType:
    """Lay out a status for people, with colours where the terminal has them."""
    deliveries = status["deliveries"]
    release = status["release"] or "none yet; run `kto refresh`"
    parts: list[RenderableType] = [
        Text(f"Current release: {release}", style="bold"),
        Text("Internal: this report counts answers and is not for publication.", style="dim"),
        *_stopped(status["stopped"]),
        *_frozen(status["frozen"]),
        Text(),
        _deliveries(deliveries) if deliveries else Text("No deliveries yet."),
        *_problems(deliveries, status["samples"]),
        *[Text(f"Ignored: {one['file']} {one['reason']}") for one in status["ignored"]],
        *[
            Text(f"Columns ignored in {one['file']}: {', '.join(one['columns'])}")
            for one in status["ignored_columns"]
        ],
        *_periods(status["quarters"]),
    ]
    return Group(*parts)


def _stopped(release: str | None) -> list[Text]:
    if release is None:
        return []
    return [
        Text(
            f"Release {release} did not go out: a run ended, or was stopped by a check, before it "
            "could. What is published is unchanged; `kto refresh` tries again and says why.",
            style="bold yellow",
        )
    ]


def _frozen(cells: int) -> list[Text]:
    if not cells:
        return []
    return [
        Text(
            f"{cells} cells stay as an earlier release had them: so few answers came or changed "
            "since that the difference would tell of them; they follow once enough have come."
        )
    ]


def _deliveries(deliveries: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("feed/file", overflow="fold")
    table.add_column("state")
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for one in deliveries:
        counts = [Text("-" if one[key] is None else str(one[key])) for key in COLUMNS.values()]
        state = Text(one["state"], style=STATE_STYLE.get(one["state"], ""))
        table.add_row(Text(one["file"]), state, *counts)
    return table


def _problems(
    deliveries: Iterable[Mapping[str, Any]], samples: Iterable[Mapping[str, Any]]
) -> list[Text]:
    """Why a delivery or its rows were not taken, each reason a line with its count."""
    lines = []
    shown = list(samples)
    for one in deliveries:
        if one["reason"] is None and not one["reasons"]:
            continue
        lines.append(Text(f"{one['file']}: {one['reason'] or 'some rows are in quarantine'}"))
        counted = sorted(one["reasons"].items(), key=lambda pair: (-pair[1], pair[0]))
        lines += [Text(f"  {count} x {reason}") for reason, count in counted]
        lines += [
            Text(f"    row {sample['row']}: {sample['detail']}", style="dim")
            for sample in shown
            if (sample["feed"], sample["sha256"]) == (one["feed"], one["sha256"])
        ]
    return [*lines, Text()] if lines else []


def _periods(periods: Iterable[Mapping[str, Any]]) -> list[Text]:
    """Periods per study, a year after its quarters; a period that is still open says so."""
    by_study: dict[str, list[str]] = {}
    for period in periods:
        name = str(period["period"]) + ("" if period["closed"] else " (open)")
        by_study.setdefault(period["study"], []).append(name)
    return [Text(f"Built, {study}: {', '.join(names)}") for study, names in by_study.items()]
