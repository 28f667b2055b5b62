"""Release and preview: staged, judged, and only then published.

Belongs here: their order and what Dagster shows of them. Does not belong here: what a release holds
or must look like.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial

import dagster as dg

from dagster_project.common.errors import UserError
from dagster_project.orchestration.assets.factsheets import FACTSHEETS, Pages, draw
from dagster_project.orchestration.assets.states import FINAL_PERIODS, STATES
from dagster_project.orchestration.resources import Installation, told_in_one_line
from dagster_project.release.attacked import attack_staged
from dagster_project.release.contract import read_contract, rules_from
from dagster_project.release.export import (
    StagedRelease,
    stage_preview,
    stage_release,
    staged_release,
)
from dagster_project.release.finalise import commit, keyed_marts, story_of
from dagster_project.release.intact import damage
from dagster_project.release.internal import export_internal
from dagster_project.release.manifest import CURRENT, current_release, read_manifest
from dagster_project.release.prepare import (
    FINAL_FILE,
    PERIODS_FILE,
    read_periods_file,
    read_run,
)
from dagster_project.release.publish import discard, nothing_new, publish
from dagster_project.release.seal import forget, let_pass, require, seal_of
from dagster_project.release.unchanged import differences, in_words, read_comparison
from dagster_project.release.vintages import KEY, read_index
from dagster_project.warehouse import blocking_tests, dbt_manifest

CANDIDATE = dg.AssetKey("release_candidate")
RELEASE = dg.AssetKey("release")
PREVIEW = dg.AssetKey("release_preview")
GATE = "great_expectations"
ATTACK = "attack"
UNCHANGED = "final_unchanged"
GATES = (GATE, ATTACK, UNCHANGED)
SAID = {
    GATE: "What is about to go out keeps the contract of its tables and the codebook.",
    ATTACK: "Nothing hidden follows from what is published, with every earlier vintage in hand.",
    UNCHANGED: "Every figure of a final period is the one that was published.",
}
TEAM = ["team:data-engineering"]
INSTALLATION = {"installation"}
KINDS = {"duckdb", "parquet"}
GROUP = "release"

Judged = tuple[bool, str, dict[str, dg.MetadataValue | int | float]]
"""Whether it passed, one line, and metadata."""


def release_assets(
    marts: Iterable[dg.AssetKey],
) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """Make the assets and the checks between them; nothing is published unless they pass."""
    tables = sorted(marts)

    @dg.asset(
        key=CANDIDATE,
        deps=[*tables, FINAL_PERIODS],
        group_name=GROUP,
        kinds=KINDS,
        owners=TEAM,
        required_resource_keys=INSTALLATION,
    )
    def release_candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Lay out what would be published, in a folder that nobody reads yet."""
        return _stage(context.resources.installation)

    @dg.asset(
        key=PREVIEW,
        deps=[*tables, STATES],
        group_name=GROUP,
        kinds=KINDS,
        owners=TEAM,
        required_resource_keys=INSTALLATION,
    )
    def release_preview(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Everything that is due, held or open beside what is published; internal.

        It has the shape of a release, and the states of its periods are in `mart_release`.
        """
        return _preview(context.resources.installation)

    @dg.asset(
        key=RELEASE,
        deps=[CANDIDATE, PREVIEW],
        group_name=GROUP,
        kinds=KINDS,
        owners=TEAM,
        required_resource_keys=INSTALLATION,
    )
    def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Point `published/current` at the candidate in one step; equal marts move nothing."""
        result, pages = _publish(context.resources.installation)
        if pages and pages.counted:
            context.log_event(dg.AssetMaterialization(FACTSHEETS, metadata=pages.counted))
        return result

    gates = {GATE: _meets_expectations, ATTACK: _withstands, UNCHANGED: _is_unchanged}
    checks = [_gate(name, judged) for name, judged in gates.items()]
    warnings = {GATE: _preview_meets_expectations, ATTACK: _preview_withstands}
    checks += [_warning(name, judged) for name, judged in warnings.items()]
    return [release_candidate, release_preview, release], checks


def _gate(
    name: str, judged: Callable[[Installation, StagedRelease], Judged]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=CANDIDATE,
        name=name,
        blocking=True,
        required_resource_keys={"installation"},
        description=SAID[name],
    )
    def gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        installation: Installation = context.resources.installation
        settings = installation.settings
        with told_in_one_line():
            staged = staged_release(settings)
            # Great Expectations takes ten seconds to import; what changes nothing needs none.
            if said := nothing_new(settings, staged):
                return dg.AssetCheckResult(passed=True, description=said)
            forget(settings, name)
            seal = seal_of(settings, staged)
            passed, said, metadata = judged(installation, staged)
            if passed:
                let_pass(settings, name, seal)
        installation.done(f"{name}: {said}")
        return dg.AssetCheckResult(passed=passed, description=said, metadata=metadata)

    return gate


def _warning(
    name: str, judged: Callable[[Installation, StagedRelease], Judged]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=PREVIEW,
        name=name,
        required_resource_keys={"installation"},
        description=f"{SAID[name]} A warning: it is not published yet.",
    )
    def warning(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        installation: Installation = context.resources.installation
        with told_in_one_line():
            periods = read_periods_file(installation.settings, PERIODS_FILE)
            beyond = periods.filter("is_built", ~periods["is_released"])
            if beyond.is_empty():
                return dg.AssetCheckResult(passed=True, description="nothing but the release")
            manifest = read_manifest(installation.settings.preview)
            staged = StagedRelease(
                manifest.release, installation.settings.preview.resolve(), manifest.tables
            )
            passed, said, metadata = judged(installation, staged)
        installation.done(f"preview, {name}: {said}")
        return dg.AssetCheckResult(
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=said,
            metadata=metadata,
        )

    return warning


def _stage(installation: Installation) -> dg.MaterializeResult[None]:
    settings = installation.settings
    with told_in_one_line():
        export_internal(settings)
        periods = read_periods_file(settings, PERIODS_FILE)
        staged = stage_release(
            settings,
            story_of(periods, read_index(settings)),
            blocking_tests(dbt_manifest(settings)),
            datetime.now(UTC),
            installation.progress,
        )
        same = nothing_new(settings, staged)
        if fault := damage(settings):
            installation.done(f"{fault}; what is published is laid out anew, for a new release")
    rows = sum(staged.tables.values())
    installation.done(f"release_candidate: {len(staged.tables)} tables, {rows} rows")
    return dg.MaterializeResult(
        metadata={
            "release": staged.id,
            "tables": dg.MetadataValue.md(_table(staged)),
            "dagster/row_count": rows,
            "new": same or "not the same as the current release",
        }
    )


def _preview(installation: Installation) -> dg.MaterializeResult[None]:
    settings = installation.settings
    with told_in_one_line():
        staged = _show_preview(installation)
    rows = sum(staged.tables.values())
    installation.done(f"release_preview: {len(staged.tables)} tables, {rows} rows")
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(settings.preview),
            "tables": dg.MetadataValue.md(_table(staged)),
            "dagster/row_count": rows,
        }
    )


def _show_preview(installation: Installation) -> StagedRelease:
    settings = installation.settings
    published = read_index(settings).newest.select(KEY)
    return stage_preview(settings, published, datetime.now(UTC), installation.progress)


def _meets_expectations(installation: Installation, staged: StagedRelease) -> Judged:
    from dagster_project.release.gates import validate  # noqa: PLC0415

    settings = installation.settings
    rules = rules_from(installation.codebook, read_contract(dbt_manifest(settings)))
    result = validate(settings, staged, rules, installation.progress)
    counted = {"expectations": len(result.expectations), "not met": len(result.failures)}
    return result.success, result.summary(), dict(counted)


def _preview_meets_expectations(installation: Installation, staged: StagedRelease) -> Judged:
    from dagster_project.release.gates import judge  # noqa: PLC0415

    rules = rules_from(installation.codebook, read_contract(dbt_manifest(installation.settings)))
    result = judge(staged, rules, progress=installation.progress)
    counted = {"expectations": len(result.expectations), "not met": len(result.failures)}
    return result.success, result.summary(), dict(counted)


def _withstands(installation: Installation, staged: StagedRelease) -> Judged:
    return _attacked(installation, staged, released=True)


def _preview_withstands(installation: Installation, staged: StagedRelease) -> Judged:
    return _attacked(installation, staged, released=False)


def _attacked(installation: Installation, staged: StagedRelease, *, released: bool) -> Judged:
    settings = installation.settings
    audit = settings.audit if released else settings.audit / "preview"
    verdict = attack_staged(
        settings,
        installation.codebook,
        staged,
        audit,
        installation.progress,
        released=released,
    )
    metadata: dict[str, dg.MetadataValue | int | float] = {
        "hidden figures": verdict.intervals,
        "worked out": verdict.leaks,
        "derived figures that do not follow": verdict.findings,
        "shares of which nobody or everybody can be inferred": verdict.extreme_shares,
        "smallest interval, respondents": dg.MetadataValue.text(str(verdict.smallest_n)),
        "smallest interval, mean": dg.MetadataValue.text(str(verdict.smallest_mean)),
        "linear programs": verdict.programs,
        "seconds": verdict.seconds,
    }
    return verdict.passed, verdict.in_words(audit), metadata


def _is_unchanged(installation: Installation, staged: StagedRelease) -> Judged:
    settings = installation.settings
    final = read_periods_file(settings, FINAL_FILE)
    manifest = dbt_manifest(settings)
    found = differences(
        settings,
        installation.codebook,
        staged,
        read_index(settings),
        final=final,
        contract=read_contract(manifest),
        comparison=read_comparison(manifest),
    )
    return not found, in_words(found), {"final periods": final.height, "differences": len(found)}


def _publish(
    installation: Installation,
) -> tuple[dg.MaterializeResult[None], Pages | None]:
    """Publish what is staged; its pages are drawn when every gate let it pass."""
    settings, pages = installation.settings, None
    with told_in_one_line():
        run = read_run(settings)
        if run is None or not run.publishing:
            raise UserError("this candidate was made for a preview; run `kto refresh` to publish")
        staged = staged_release(settings)
        same = nothing_new(settings, staged)
        if same:
            discard(staged)
        else:
            require(settings, GATES, seal_of(settings, staged))
            manifest = dbt_manifest(settings)
            keyed = keyed_marts(read_contract(manifest), read_comparison(manifest).tables)
            keep = partial(commit, settings, installation.codebook, keyed=keyed)
            pages = draw(installation, staged)
            publish(settings, staged, keep, GATES)
            _show_preview(installation)
        current = current_release(settings)
        if settings.postgres and current:
            _copy_to_postgres(installation, settings.postgres)
    release = current.release if current else ""
    installation.done(f"release: {same or f'{release} is current'}")
    result: dg.MaterializeResult[None] = dg.MaterializeResult(
        metadata={
            "release": release,
            "path": dg.MetadataValue.path((settings.published / "current").resolve()),
            "changed": not same,
            "pages": pages.said if pages else "",
            "tables": dg.MetadataValue.md(_table(staged)),
            "dagster/row_count": sum(staged.tables.values()),
        }
    )
    return result, pages


def _copy_to_postgres(installation: Installation, dsn: str) -> None:
    """Let the database hold the current release, also one that it missed before."""
    from dagster_project.release.postgres import copy_release  # noqa: PLC0415

    folder = (installation.settings.published / CURRENT).resolve()
    copied = copy_release(dsn, folder, installation.progress)
    installation.done(f"PostgreSQL: {'holds' if copied else 'held already'} {folder.name}")


def _table(staged: StagedRelease) -> str:
    rows = "\n".join(f"| {table} | {count} |" for table, count in sorted(staged.tables.items()))
    return f"| table | rows |\n|---|--:|\n{rows}"
