"""What is wrong with a feed now: each check judges what somebody can still do something about.

Belongs here: the checks of a feed's asset. Does not belong here: which deliveries and rows stand,
which is ingest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import dagster as dg
import duckdb

from dagster_project.codebook import Feed
from dagster_project.common.quarters import (
    latest_closed_quarter,
    next_quarter,
    quarter_label,
    today,
)
from dagster_project.common.sql_text import only
from dagster_project.ingest import (
    Delivery,
    FeedResult,
    open_refusals,
    standing_bad_rows,
    standing_refusals,
)
from dagster_project.orchestration.resources import Installation
from dagster_project.release.vintages import KEY, read_index

ACCOUNTED = "rows_accounted_for"
NO_REJECTED_ROWS = "no_rejected_rows"
NO_REJECTED_DELIVERIES = "no_rejected_deliveries"
CHANNELS_PRESENT = "channels_present"
CHECKS = {
    ACCOUNTED: "Rows read are rows accepted plus rows in quarantine, for each delivery.",
    NO_REJECTED_ROWS: "No row waits to be mended: none is in quarantine that no later delivery "
    "mended, of a period that is not final. Otherwise how many and why; `kto bad-rows` lists them.",
    NO_REJECTED_DELIVERIES: "No delivery that was refused whole is still in the landing, unless it "
    "is of final periods only. Otherwise which and why; deliver it again under its name, or take "
    "it out.",
    CHANNELS_PRESENT: "Every channel of this feed that had answers in the year before has answers "
    "in the latest closed quarter. Otherwise which are missing: somebody did not deliver.",
}
COUNT = """
    select
        channel,
        count(distinct organisation_code) filter (contact_date >= $start),
        count(*) filter (contact_date >= $start)
    from read_parquet($files, union_by_name = true)
    where contact_date >= $before and contact_date < $after
    group by channel
"""


def checked(
    installation: Installation, key: dg.AssetKey, result: FeedResult
) -> Iterator[dg.AssetCheckResult]:
    """Judge what came of a feed; its deliveries were taken in before."""
    astray = [
        d.file for d in result.deliveries if d.rows_read != d.rows_accepted + d.rows_quarantined
    ]
    yield dg.AssetCheckResult(
        passed=not astray,
        asset_key=key,
        check_name=ACCOUNTED,
        metadata={"deliveries": len(result.deliveries), "astray": _named(astray)},
    )
    reasons, rows, refused = _standing(installation, result)
    yield dg.AssetCheckResult(
        passed=not rows,
        asset_key=key,
        check_name=NO_REJECTED_ROWS,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "to be mended": rows,
            "quarantined": sum(d.rows_quarantined for d in result.deliveries),
            **{f"reason {code}": count for code, count in sorted(reasons.items())},
        },
    )
    yield dg.AssetCheckResult(
        passed=not refused,
        asset_key=key,
        check_name=NO_REJECTED_DELIVERIES,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={file: "; ".join(why) for file, why in _reasons(refused).items()},
    )


def _standing(
    installation: Installation, result: FeedResult
) -> tuple[Counter[str], int, tuple[Delivery, ...]]:
    """Find the reasons and number of bad rows, and the refused deliveries, that are not over."""
    if not any(d.rows_quarantined or d.state == "rejected" for d in result.deliveries):
        return Counter(), 0, ()
    settings, codebook = installation.settings, installation.codebook
    final = read_index(settings).newest.select(KEY)
    rows = standing_bad_rows(settings.lake, codebook, result.scan, final)
    reasons = Counter(reason for row in rows["reasons"] for reason in row)
    refused = open_refusals(settings.lake, standing_refusals(result.deliveries, result.scan), final)
    return reasons, rows.height, refused


def _reasons(deliveries: Sequence[Delivery]) -> Mapping[str, Sequence[str]]:
    """Give why deliveries were refused by file: several may show one name."""
    found: dict[str, list[str]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.file, []).append(delivery.reason or "")
    return found


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def channels_present(
    installation: Installation, feed: Feed, key: dg.AssetKey
) -> dg.AssetCheckResult:
    """Warn of each channel from which answers came until lately, and now none came."""
    study = installation.codebook.study(feed.study)
    release_day = study.release_day or installation.settings.release_day
    start = latest_closed_quarter(today(), release_day)
    lake = installation.settings.lake / "responses"
    files = sorted(only(path) for path in (lake / feed.feed).glob("*.parquet"))
    window = {
        "start": start,
        "before": date(start.year - 1, start.month, 1),
        "after": next_quarter(start),
    }
    found: list[tuple[str, int, int]] = (
        duckdb.execute(COUNT, {"files": files, **window}).fetchall() if files else []
    )
    missing = sorted(channel for channel, _, responses in found if not responses)
    return dg.AssetCheckResult(
        passed=not missing,
        asset_key=key,
        check_name=CHANNELS_PRESENT,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "quarter": quarter_label(start),
            "missing": _named(missing),
            **{f"{channel}: organisations": n for channel, n, _ in sorted(found)},
            **{f"{channel}: responses": n for channel, _, n in sorted(found)},
        },
    )
