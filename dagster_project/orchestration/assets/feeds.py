"""One asset per feed of the codebook: what was delivered, and what of it was accepted.

Belongs here: catalogue texts and metadata. Does not belong here: its checks (feed_checks), reading
and judging files (ingest).
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
from dagster._core.definitions.metadata import TableMetadataSet

from dagster_project.codebook import Codebook, Feed
from dagster_project.common.quarters import AMSTERDAM
from dagster_project.common.settings import Settings
from dagster_project.common.sql_text import only
from dagster_project.ingest import Delivery, FeedResult, check_lake, ingest_feed
from dagster_project.orchestration.assets.feed_checks import (
    CHANNELS_PRESENT,
    CHECKS,
    channels_present,
    checked,
)
from dagster_project.orchestration.partitions import release_cron
from dagster_project.orchestration.resources import Installation, told_in_one_line

NOBODY_WAITS = frozenset({"dagster/schedule_name", "dagster/sensor_name"})
"""Tags of runs that began by themselves: those leave a file that has just changed to the next."""
AGAIN_AFTER_IO_FAULTS = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL)


def feed_key(feed: str) -> dg.AssetKey:
    """Key of a feed's asset."""
    return dg.AssetKey(["lake", feed])


def feed_assets(codebook: Codebook, release_day: int) -> list[dg.AssetsDefinition]:
    """One asset per row of the feeds file, in its order."""
    return [_feed_asset(codebook, feed, release_day) for feed in codebook.feeds]


def _feed_asset(codebook: Codebook, feed: Feed, release_day: int) -> dg.AssetsDefinition:
    key = feed_key(feed.feed)
    continuous = codebook.study(feed.study).timing == "quarter"
    named = [*CHECKS]
    if not (continuous and feed.kind == "responses"):
        named.remove(CHANNELS_PRESENT)
    checks = [dg.AssetCheckSpec(name, asset=key, description=CHECKS[name]) for name in named]

    @dg.asset(
        key=key,
        group_name=f"feeds_{feed.study}",
        description=_description(codebook, feed),
        kinds={"python", "parquet"},
        tags={"study": feed.study, "kind": feed.kind},
        owners=["team:data-engineering"],
        check_specs=checks,
        required_resource_keys={"installation"},
        retry_policy=AGAIN_AFTER_IO_FAULTS,
        freshness_policy=_freshness(release_day) if continuous else None,
    )
    def ingest(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        installation: Installation = context.resources.installation
        settings = installation.settings
        if not NOBODY_WAITS & context.run.tags.keys():
            settings = settings.at_once()
        with told_in_one_line():
            result = ingest_feed(
                settings,
                installation.codebook,
                feed.feed,
                installation.progress,
                datetime.now(UTC),
            )
            check_lake(settings.lake, feed.feed)
            results = list(checked(installation, key, result))
        if CHANNELS_PRESENT in named:
            results.append(channels_present(installation, feed, key))
        for delivery in result.deliveries:
            if delivery.sha256 in result.seconds:
                context.log.info(_logged(delivery, result.seconds[delivery.sha256]))
        if result.deliveries:
            installation.done(_told(feed, result))
        for file in result.left:
            line = (
                f"{file} changed while it was read; the next refresh takes it in once it is whole"
            )
            context.log.warning(line)
            installation.done(line)
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=_metadata(settings, feed, result),
            check_results=results,
        )

    return ingest


def _description(codebook: Codebook, feed: Feed) -> str:
    study = codebook.study(feed.study)
    headers = ", ".join(f"`{column.header}`" for column in codebook.columns_of(feed.feed))
    return (
        f"{feed.kind.capitalize()} of *{study.label_en}*"
        f"{f', channel {feed.channel}' if feed.channel else ''}: "
        f"files under `landing/{feed.feed}/`, judged row by row.\n\nColumns: {headers}."
    )


def _freshness(release_day: int) -> dg.FreshnessPolicy:
    """Every quarter, before the day of the release, the feed has been taken in."""
    return dg.FreshnessPolicy.cron(
        deadline_cron=release_cron(release_day),
        lower_bound_delta=timedelta(days=release_day),
        timezone=AMSTERDAM.key,
    )


def _told(feed: Feed, result: FeedResult) -> str:
    new = [d for d in result.deliveries if d.sha256 in result.new]
    accepted, quarantined = (
        sum(d.rows_accepted for d in new),
        sum(d.rows_quarantined for d in new),
    )
    return (
        f"{feed.feed}: {len(result.deliveries)} deliveries, {len(new)} judged now; "
        f"{sum(d.rows_read for d in new)} rows = {accepted} accepted + {quarantined} quarantined"
    )


def _metadata(
    settings: Settings, feed: Feed, result: FeedResult
) -> dict[str, dg.MetadataValue | int | str]:
    accepted = sum(d.rows_accepted for d in result.deliveries)
    return {
        "dagster/row_count": accepted,
        "rows read": sum(d.rows_read for d in result.deliveries),
        "rows accepted": accepted,
        "rows quarantined": sum(d.rows_quarantined for d in result.deliveries),
        "deliveries": len(result.deliveries),
        "deliveries new": len(result.new),
        "per delivery": dg.MetadataValue.md(_table(result.deliveries)),
        **TableMetadataSet(column_schema=_column_schema(settings, feed)),
    }


def _table(deliveries: Sequence[Delivery]) -> str:
    head = "| file | state | read | accepted | quarantined | why |\n|---|---|--:|--:|--:|---|\n"
    return head + "\n".join(
        f"| {d.file.replace('|', chr(92) + '|')} | {d.state} | {d.rows_read} | {d.rows_accepted}"
        f" | {d.rows_quarantined} | {(d.reason or _counts(d)).replace('|', '/')} |"
        for d in sorted(deliveries, key=lambda d: d.file)
    )


def _logged(delivery: Delivery, seconds: float) -> str:
    """Say what became of a delivery in words that a program can part: `name=value`."""
    fields = {
        "feed": delivery.feed,
        "file": json.dumps(delivery.file, ensure_ascii=False),
        "delivery": delivery.sha256[:12],
        "state": delivery.state,
        "rows_read": delivery.rows_read,
        "rows_accepted": delivery.rows_accepted,
        "rows_quarantined": delivery.rows_quarantined,
        "seconds": f"{seconds:.2f}",
    }
    return " ".join(f"{name}={value}" for name, value in fields.items())


def _counts(delivery: Delivery) -> str:
    return ", ".join(f"{code} {count}" for code, count in sorted(delivery.reasons.items()))


def _column_schema(settings: Settings, feed: Feed) -> dg.TableSchema:
    """Read the lake's own schema from the empty file that anchors each kind."""
    anchor = only(settings.lake / feed.kind / "_none" / "empty.parquet")
    rows = duckdb.execute("describe select * from read_parquet(?)", [anchor]).fetchall()
    return dg.TableSchema(
        columns=[dg.TableColumn(name=row[0], type=row[1].lower()) for row in rows]
    )
