"""Which channels have no answers in the latest closed quarter: somebody did not deliver.

Belongs here: that one question to the lake. Does not belong here: whether what came is any good.
"""

from __future__ import annotations

import dagster as dg
import duckdb

from dagster_project.codebook import Feed
from dagster_project.quarters import latest_closed_quarter, next_quarter, quarter_label, today
from dagster_project.resources import Installation
from dagster_project.sql_text import only

CHANNELS_PRESENT = "channels_present"

COUNT = """
    select channel, count(distinct organisation_code), count(*)
    from read_parquet(?, union_by_name = true)
    where contact_date >= ? and contact_date < ?
    group by channel
"""


def channels_present(
    installation: Installation, feed: Feed, key: dg.AssetKey
) -> dg.AssetCheckResult:
    """Warn of each channel that this feed should bring and that no organisation has answers for."""
    study = installation.codebook.study(feed.study)
    release_day = study.release_day or installation.settings.release_day
    start = latest_closed_quarter(today(), release_day)
    expected = (
        [feed.channel]
        if feed.channel
        else [channel.channel for channel in installation.codebook.channels_of(feed.study)]
    )
    lake = installation.settings.lake / "responses"
    files = sorted(only(path) for path in (lake / feed.feed).glob("*.parquet"))
    found = {
        channel: (organisations, responses)
        for channel, organisations, responses in (
            duckdb.execute(COUNT, [files, start, next_quarter(start)]).fetchall() if files else []
        )
    }
    missing = [channel for channel in expected if channel not in found]
    return dg.AssetCheckResult(
        passed=not missing,
        asset_key=key,
        check_name=CHANNELS_PRESENT,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "quarter": quarter_label(start),
            "missing": ", ".join(missing),
            **{
                f"{channel}: organisations": organisations
                for channel, (organisations, _) in sorted(found.items())
            },
            **{
                f"{channel}: responses": responses
                for channel, (_, responses) in sorted(found.items())
            },
        },
    )
