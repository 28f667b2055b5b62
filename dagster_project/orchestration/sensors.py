"""Pick up deliveries as they come in, each of them once.

Belongs here: when to ask for a run. Does not belong here: reading files. What was taken in is in
the register and what was tried is in Dagster's run history, so a restart forgets nothing.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.codebook import Codebook
from dagster_project.common.settings import Settings
from dagster_project.ingest import LandedFile, scan_landing
from dagster_project.orchestration.resources import told_in_one_line

NAME = "new_deliveries"
DELIVERIES_TAG = "kto/deliveries"
LONGEST_WAIT = timedelta(days=1)
UNDER_WAY = [
    status
    for status in dg.DagsterRunStatus
    if status
    not in {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    }
]


def new_deliveries(
    job: UnresolvedAssetJobDefinition, settings: Settings, codebook: Codebook
) -> dg.SensorDefinition:
    """One run for all deliveries that the register does not know, or knows by an older codebook."""

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Makes a preview when there are deliveries that were not taken in yet.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        with told_in_one_line():
            scan = scan_landing(settings, codebook)
        pending = [file for file in scan.deliveries if file.state in {"new", "stale"}]
        if not pending:
            waiting = sum(file.state == "waiting" for file in scan.deliveries)
            return dg.SkipReason(f"nothing new in {settings.landing} ({waiting} still arriving)")
        return _request(context.instance, pending, codebook)

    return look


def _request(
    instance: dg.DagsterInstance, pending: Sequence[LandedFile], codebook: Codebook
) -> dg.RunRequest | dg.SkipReason:
    if under_way := instance.get_run_records(
        dg.RunsFilter(tags={"dagster/sensor_name": NAME}, statuses=UNDER_WAY), limit=1
    ):
        run = under_way[0].dagster_run.run_id
        return dg.SkipReason(f"run {run} is taking in deliveries; what it misses follows after it")
    digest = _digest(pending, codebook)
    tried = instance.get_run_records(dg.RunsFilter(tags={DELIVERIES_TAG: digest}))
    if tried:
        if any(record.dagster_run.is_success for record in tried):
            return dg.SkipReason(f"{_names(pending)}: a run ended well without them; see its log")
        due = tried[0].update_timestamp + _wait(len(tried))
        if datetime.now(UTC) < due.astimezone(UTC):
            return dg.SkipReason(
                f"{_names(pending)}: {len(tried)} runs failed; next attempt after {due:%H:%M} UTC"
            )
    return dg.RunRequest(
        # A key that was used once is never tried again, so each attempt has its own.
        run_key=f"{digest}-{len(tried) + 1}",
        tags={DELIVERIES_TAG: digest},
    )


def _digest(pending: Iterable[LandedFile], codebook: Codebook) -> str:
    """Name a set of deliveries by their bytes and by the codebook that will judge them."""
    parts = sorted(f"{f.feed} {f.sha256} {codebook.fingerprint_of(f.feed)}" for f in pending)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _wait(failures: int) -> timedelta:
    """Wait twice as long after every failure: what is broken is often mended by hand."""
    return min(timedelta(minutes=2 ** (failures - 1)), LONGEST_WAIT)


def _names(pending: Sequence[LandedFile]) -> str:
    more = f" and {len(pending) - 1} more" if len(pending) > 1 else ""
    return f"{pending[0].file}{more}"
