"""How `kto status` looks in a terminal.

Belongs here: tables and sentences. Does not belong here: finding anything out (report).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from dagster_project.release import told

LEFT_OUT = "left out"
COLUMNS = {
    "read": "rows_read",
    "accepted": "rows_accepted",
    "quarantined": "rows_quarantined",
    LEFT_OUT: "rows_left_out",
    "counted": "rows_counted",
    "superseded": "rows_superseded",
    "set aside": "rows_set_aside",
    "unmatched": "rows_unmatched",
    "late": "rows_late",
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
        *_needs(status),
        *_periods(status),
        Text(),
        _deliveries(deliveries) if deliveries else Text("No deliveries yet."),
        *_problems(deliveries, status["samples"]),
        *[Text(f"Ignored: {one['file']} {one['reason']}") for one in status["ignored"]],
        *[
            Text(f"Columns ignored in {one['file']}: {', '.join(one['columns'])}")
            for one in status["ignored_columns"]
        ],
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


def _needs(status: Mapping[str, Any]) -> list[Text]:
    """Start with what is held, refused, late or lies in no feed, each in a line."""
    periods = _frame(status)
    lines = [*told.needs_somebody(periods), *told.refused(status["refused"])]
    lines += [
        f"{'misplaced':{told.NAME}} {one['file']} {one['reason']}"
        for one in status["ignored"]
        if one.get("misplaced")
    ]
    if not lines:
        return [Text(), Text("Nothing needs anybody.")]
    heading = Text("Needs action (`kto release --as-is` publishes what is held, too):")
    return [Text(), heading, *(_one_line(f"  {line}", style="yellow") for line in lines)]


def _periods(status: Mapping[str, Any]) -> list[Text]:
    """List periods by state, those that are held above all others."""
    lines = list(told.by_state(_frame(status)))
    return [Text(), Text("Periods:"), *(_one_line(f"  {line}") for line in lines)] if lines else []


def _one_line(text: str, style: str = "") -> Text:
    """Let a line be longer than the terminal is wide, so that a search finds it whole."""
    return Text(text, style=style, no_wrap=True, overflow="ignore")


def _frame(status: Mapping[str, Any]) -> pl.DataFrame:
    kinds = {"late": pl.Int64, "revision": pl.Int32}
    columns = ("study", "organisation_code", "period", "state", "held_because", "due_on", "late")
    frame = pl.DataFrame(
        status["periods"], schema={one: kinds.get(one, pl.String) for one in columns}
    )
    # a year comes after its quarters
    return frame.with_columns(period_start=pl.col("period"))


def _deliveries(deliveries: Sequence[Mapping[str, Any]]) -> Table:
    """List the counts of every delivery; a column of rows left out only where there are any."""
    columns = {
        heading: key
        for heading, key in COLUMNS.items()
        if heading != LEFT_OUT or any(one[key] for one in deliveries)
    }
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("feed/file", overflow="fold")
    table.add_column("state")
    for heading in columns:
        table.add_column(heading, justify="right")
    for one in deliveries:
        counts = [Text("-" if one[key] is None else str(one[key])) for key in columns.values()]
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
