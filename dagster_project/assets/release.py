"""The release: staged, judged, and only then published.

Belongs here: the order of the three and what Dagster shows of them. Does not belong here: what a
release holds or must look like.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from dagster_project.errors import UserError
from dagster_project.ingest import read_register
from dagster_project.release.attacked import attack_release
from dagster_project.release.export import StagedRelease, stage_release
from dagster_project.release.internal import export_internal
from dagster_project.release.manifest import (
    STAGED_PREFIX,
    current_release,
    read_manifest,
    releases_folder,
)
from dagster_project.release.publish import discard, publish, same_as_current
from dagster_project.release.restatement import record
from dagster_project.release.seal import forget, let_pass, require, seal_of
from dagster_project.resources import Installation, told_in_one_line
from dagster_project.settings import Settings
from dagster_project.warehouse import blocking_tests, dbt_manifest

CANDIDATE = dg.AssetKey("release_candidate")
RELEASE = dg.AssetKey("release")
GATE = "great_expectations"
ATTACK = "attack"
GATES = (GATE, ATTACK)


def release_assets(
    marts: Iterable[dg.AssetKey],
) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """Make the two assets and the checks between them; nothing is published unless they pass."""

    @dg.asset(
        key=CANDIDATE,
        deps=sorted(marts),
        group_name="release",
        kinds={"duckdb", "parquet"},
        owners=["team:data-engineering"],
        required_resource_keys={"installation"},
    )
    def release_candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Lay the marts out as they would be published, in a folder that nobody reads yet."""
        return _stage(context.resources.installation)

    @dg.asset_check(
        asset=CANDIDATE,
        name=GATE,
        blocking=True,
        required_resource_keys={"installation"},
        description="What is about to go out keeps the contract of its tables and the codebook.",
    )
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return _judge(context.resources.installation)

    @dg.asset_check(
        asset=CANDIDATE,
        name=ATTACK,
        blocking=True,
        required_resource_keys={"installation"},
        description="Whoever has this release and every earlier one can work out nothing hidden.",
    )
    def attacked(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return _attack(context.resources.installation)

    @dg.asset(
        key=RELEASE,
        deps=[CANDIDATE],
        group_name="release",
        kinds={"duckdb", "parquet"},
        owners=["team:data-engineering"],
        required_resource_keys={"installation"},
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Point `published/current` at the candidate in one step; equal marts move nothing."""
        return _publish(context.resources.installation)

    return [release_candidate, release], [gate, attacked]


def _stage(installation: Installation) -> dg.MaterializeResult[None]:
    settings = installation.settings
    with told_in_one_line():
        export_internal(settings)
        staged = stage_release(
            settings,
            [d.sha256 for d in read_register(settings.lake) if d.state == "accepted"],
            blocking_tests(dbt_manifest(settings)),
            datetime.now(UTC),
            installation.progress,
        )
        same = same_as_current(settings, staged)
    rows = sum(staged.tables.values())
    installation.done(f"release_candidate: {len(staged.tables)} tables, {rows} rows")
    return dg.MaterializeResult(
        metadata={
            "release": staged.id,
            "tables": dg.MetadataValue.md(_table(staged)),
            "dagster/row_count": rows,
            "same as": same or "no earlier release",
        }
    )


def _judge(installation: Installation) -> dg.AssetCheckResult:
    settings = installation.settings
    # Great Expectations takes ten seconds to import; a release that changes nothing needs none.
    with told_in_one_line():
        staged = _staged(settings)
        same = same_as_current(settings, staged)
    if same:
        return dg.AssetCheckResult(passed=True, description=f"the same as {same}, which passed")
    from dagster_project.release.contract import read_contract, rules_from  # noqa: PLC0415
    from dagster_project.release.gates import validate  # noqa: PLC0415

    with told_in_one_line():
        forget(settings, GATE)
        seal = seal_of(settings, staged)
        contract = read_contract(dbt_manifest(settings))
        rules = rules_from(installation.codebook, contract)
        result = validate(settings, staged, rules, installation.progress)
        if result.success:
            let_pass(settings, GATE, seal)
    installation.done(f"{GATE}: {result.summary()}")
    return dg.AssetCheckResult(
        passed=result.success,
        description=result.summary(),
        metadata={"expectations": len(result.expectations), "not met": len(result.failures)},
    )


def _attack(installation: Installation) -> dg.AssetCheckResult:
    settings = installation.settings
    with told_in_one_line():
        staged = _staged(settings)
        if same := same_as_current(settings, staged):
            return dg.AssetCheckResult(passed=True, description=f"the same as {same}, which passed")
        forget(settings, ATTACK)
        seal = seal_of(settings, staged)
        verdict = attack_release(settings, installation.codebook, staged, installation.progress)
        if verdict.passed:
            let_pass(settings, ATTACK, seal)
    said = verdict.in_words(settings.audit)
    installation.done(f"{ATTACK}: {said}")
    return dg.AssetCheckResult(
        passed=verdict.passed,
        description=said,
        metadata={
            "hidden figures": verdict.intervals,
            "worked out": verdict.leaks,
            "derived figures that do not follow": verdict.findings,
            "shares of which nobody or everybody can be inferred": verdict.extreme_shares,
            "smallest interval, respondents": dg.MetadataValue.text(str(verdict.smallest_n)),
            "smallest interval, mean": dg.MetadataValue.text(str(verdict.smallest_mean)),
            "linear programs": verdict.programs,
            "seconds": verdict.seconds,
        },
    )


def _publish(installation: Installation) -> dg.MaterializeResult[None]:
    settings = installation.settings
    with told_in_one_line():
        staged = _staged(settings)
        if same := same_as_current(settings, staged):
            discard(staged)
            path = (settings.published / "current").resolve()
        else:
            require(settings, GATES, seal_of(settings, staged))
            path = publish(settings, staged, partial(record, settings), GATES)
        manifest = current_release(settings)
    release = manifest.release if manifest else staged.id
    installation.done(f"release: {f'{same} stays' if same else f'{release} is current'}")
    return dg.MaterializeResult(
        metadata={
            "release": release,
            "path": dg.MetadataValue.path(path),
            "changed": not same,
            "tables": dg.MetadataValue.md(_table(staged)),
            "dagster/row_count": sum(staged.tables.values()),
        }
    )


def _staged(settings: Settings) -> StagedRelease:
    """Find the release that was staged last; the assets share it through its folder."""
    folders = sorted(releases_folder(settings).glob(f"{STAGED_PREFIX}*"))
    if not folders:
        raise UserError(f"nothing is staged in {settings.published}; run release_candidate first")
    manifest = read_manifest(folders[-1])
    return StagedRelease(manifest.release, folders[-1], manifest.tables)


def _table(staged: StagedRelease) -> str:
    rows = "\n".join(f"| {table} | {count} |" for table, count in sorted(staged.tables.items()))
    return f"| table | rows |\n|---|--:|\n{rows}"
