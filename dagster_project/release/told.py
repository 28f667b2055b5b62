"""How it stands with periods, in lines that say what to do; long lists in groups.

Belongs here: wording. Does not belong here: finding anything out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

FEW = 3
"""Names that are listed one by one."""
NAME = 10
"""Width of the first word of a line."""


def published_now(periods: pl.DataFrame) -> Iterator[str]:
    """Say what a run published or, if it stopped before, would publish."""
    fresh = periods.filter("is_released", "is_built")
    yield from _lines("published", fresh.filter(pl.col("revision") == 0))
    yield from _lines("revised", fresh.filter(pl.col("revision") > 0))


def needs_somebody(periods: pl.DataFrame) -> Iterator[str]:
    """Say what is held and why, and what came late."""
    yield from _lines("held", periods.filter(pl.col("state") == "held"))
    late = periods.filter(pl.col("late") > 0).with_columns(
        held_because=pl.format(
            "{} rows came after it was published and are in no figure; `kto revise` takes them in",
            "late",
        )
    )
    yield from _lines("late", late)


def open_periods(periods: pl.DataFrame) -> Iterator[str]:
    """Say what is not due yet, or due and not published."""
    yield from _lines("due", periods.filter(pl.col("state") == "due"))
    yield from _lines("open", periods.filter(pl.col("state") == "open"))


def by_state(periods: pl.DataFrame) -> Iterator[str]:
    """List all periods by state."""
    for state in ("final", "revised", "due", "open"):
        yield from _lines(state, periods.filter(pl.col("state") == state))


def _lines(word: str, periods: pl.DataFrame) -> Iterator[str]:
    """Put organisations that stand alike into a line, and periods that do."""
    alike: dict[tuple[str, str, str | None], list[str]] = {}
    columns = ("study", "period", "held_because", "organisation_code", "period_start")
    rows = periods.select(columns).sort("study", "period_start", "period", "organisation_code")
    for study, period, why, organisation, _ in rows.iter_rows():
        alike.setdefault((study, period, why), []).append(organisation)
    grouped: dict[tuple[str, str | None, tuple[str, ...]], list[str]] = {}
    for (study, period, why), who in alike.items():
        grouped.setdefault((study, why, tuple(who)), []).append(period)
    for (study, why, organisations), names in grouped.items():
        because = f": {why}" if why and word not in {"published", "final"} else ""
        yield f"{word:{NAME}} {study} {_several(names, 'periods')}: {_who(organisations)}{because}"


def _who(organisations: Sequence[str]) -> str:
    if len(organisations) <= FEW:
        return ", ".join(organisations)
    return f"{len(organisations)} organisations"


def _several(names: Sequence[str], what: str) -> str:
    if len(names) <= 2 * FEW:
        return ", ".join(names)
    return f"{len(names)} {what} from {names[0]} to {names[-1]}"


def refused(deliveries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Name deliveries that were refused and that nothing has replaced."""
    for one in deliveries:
        yield f"{'refused':{NAME}} {one['file']}: {one['reason']}"
