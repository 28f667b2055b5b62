"""What `kto` prints when a run has ended.

Belongs here: wording and layout. Does not belong here: finding anything out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.common.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster_project.demo import Comparison
    from dagster_project.orchestration.pipeline import Outcome

MANY = 8


def outcome_lines(settings: Settings, outcome: Outcome) -> Iterator[str]:
    """Yield a short summary of a refresh."""
    if not outcome.deliveries:
        yield f"nothing to do: no deliveries in {settings.landing} and none taken in before"
        if outcome.waiting:
            yield f"{outcome.waiting} still arriving"
        yield from (f"ignored      {line}" for line in outcome.astray)
        return
    new = [
        delivery
        for delivery in outcome.deliveries
        if (delivery.feed, delivery.sha256) in outcome.new
    ]
    rejected = [delivery for delivery in new if delivery.state == "rejected"]
    yield (
        f"deliveries   {len(outcome.deliveries)} known; {len(new)} judged now: "
        f"{len(new) - len(rejected)} accepted, {len(rejected)} rejected"
        + (f"; {outcome.waiting} still arriving" if outcome.waiting else "")
    )
    for delivery in rejected:
        yield f"  rejected   {delivery.file}: {delivery.reason}"
    yield from (f"  ignored    {line}" for line in outcome.astray)
    read, accepted, quarantined, left_out = (
        sum(getattr(delivery, field) for delivery in new)
        for field in ("rows_read", "rows_accepted", "rows_quarantined", "rows_left_out")
    )
    yield f"rows         {read} read = {accepted} accepted + {quarantined} quarantined" + (
        f"; {left_out} more left out" if left_out else ""
    )
    yield f"quarters     {_listed(outcome.quarters)}"
    if outcome.quarters or outcome.changed:
        for heading, line in zip(("hidden", ""), outcome.hidden, strict=False):
            yield f"{heading:12} {line}"
    yield from period_lines(outcome)
    for warning in outcome.warnings:
        yield f"warning      {warning}"
    yield from _release_lines(settings, outcome)


def _release_lines(settings: Settings, outcome: Outcome) -> Iterator[str]:
    if not outcome.published:
        yield f"preview      {settings.preview} (internal); nothing was published"
    elif outcome.release is None:
        yield f"release      none yet; preview in {settings.preview} (internal)"
    elif outcome.changed:
        yield f"release      {outcome.release}"
        yield f"             {outcome.release_path}"
        if outcome.factsheets:
            front = settings.published / "current" / "index.html"
            yield f"factsheets   {outcome.factsheets}; see {front}"
    else:
        yield f"release      nothing changed: {outcome.release} stays"


def period_lines(outcome: Outcome) -> Iterator[str]:
    """Yield a line each for what was published, what is held and why, and what is open."""
    from dagster_project.release import told  # noqa: PLC0415

    periods = outcome.periods
    if not outcome.published:
        fresh = periods["is_released"] & periods["is_built"]
        state = pl.when(fresh).then(pl.lit("due")).otherwise("state")
        periods = periods.with_columns(state=state)
    else:
        yield from told.published_now(periods)
    yield from told.needs_somebody(periods)
    yield from told.open_periods(periods)


def change_lines(outcome: Outcome) -> Iterator[str]:
    """Yield what a revision changes and withdraws, row by row."""
    withdrawn = sum(change.withdrawn for change in outcome.changes)
    changed = len(outcome.changes) - withdrawn
    for change in sorted(outcome.changes, key=lambda one: not one.withdrawn):
        yield str(change)
    verbs = ("changes", "withdraws") if outcome.published else ("would change", "withdraw")
    yield f"the revision {verbs[0]} {changed} rows and {verbs[1]} {withdrawn}"
    if not outcome.published:
        yield "nothing was published; the same command with --yes publishes it"


def _listed(quarters: Sequence[str]) -> str:
    if not quarters:
        return "none rebuilt"
    if len(quarters) > MANY:
        return f"{len(quarters)} rebuilt: {quarters[0]} to {quarters[-1]}"
    return f"{len(quarters)} rebuilt: {', '.join(quarters)}"


def demo_lines(
    settings: Settings, comparisons: Sequence[Comparison], *, every: bool
) -> Iterator[str]:
    """Yield how many published figures came out, by study, and where to look further.

    Figures that differ are shown, and with `every` all of them.
    """
    yield ""
    equal = sum(comparison.equal for comparison in comparisons)
    yield f"figures      {equal} of {len(comparisons)} as published"
    for study in dict.fromkeys(one.figure.study for one in comparisons):
        own = [one for one in comparisons if one.figure.study == study]
        yield f"  {study:32} {sum(one.equal for one in own):>4} of {len(own)}"
        shown = own if every else [one for one in own if not one.equal]
        if shown:
            yield f"    {'where':54} {'published':>10} {'computed':>10}"
        yield from map(_compared, shown)
    yield ""
    current = settings.published / "current"
    if (current / "index.html").is_file():
        yield f"to read      {current / 'index.html'}: a factsheet per organisation and period"
    yield f"results      {current}: kto.duckdb, parquet/, manifest.json"
    yield f"checks       {settings.data_docs} (internal)"
    yield "next         .venv/bin/kto status"
    yield "             .venv/bin/dagster dev -w workspace.yaml"
    yield "             .venv/bin/kto refresh --landing YOUR_FILES --home ANOTHER_FOLDER"


def _compared(comparison: Comparison) -> str:
    figure = comparison.figure
    where = " ".join(
        part
        for part in (
            figure.organisation_code,
            figure.period,
            "" if figure.channel == "all" else figure.channel,
            "" if figure.product_code == "all" else figure.product_code,
            "" if figure.segment_value == "all" else figure.segment_value,
            figure.metric,
            "" if figure.column == "value_rounded" else figure.column,
        )
        if part
    )
    computed = "none" if comparison.computed is None else str(comparison.computed)
    mark = "" if comparison.equal else "  differs"
    return f"    {where:54} {figure.published!s:>10} {computed:>10}{mark}"
