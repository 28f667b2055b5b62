"""The last look at a release before anyone may read it; it fails closed.

Belongs here: running the expectations with Great Expectations and telling what failed. Does not
belong here: which expectations there are. Results are booleans only, never a value of a row.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pandas as pd

from dagster_project.progress import Progress, silent
from dagster_project.release.contract import Rules
from dagster_project.release.evidence import read_evidence, read_tables
from dagster_project.release.expectations import (
    EVIDENCE,
    Described,
    evidence_expectations,
    table_expectations,
)
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import ReleaseError, read_manifest
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

SUITE = "release"


class Expected(NamedTuple):
    """One expectation and its outcome; `detail` says what was expected, or what went wrong."""

    table: str
    expectation: str
    success: bool
    detail: str


@dataclass(frozen=True)
class GateResult:
    """Outcome of all expectations; `success` is False as well when none could be evaluated."""

    success: bool
    expectations: tuple[Expected, ...]

    @property
    def failures(self) -> tuple[Expected, ...]:
        """What was not met."""
        return tuple(one for one in self.expectations if not one.success)

    def summary(self) -> str:
        """One line for people."""
        failed = [f"{one.table}: {one.detail}" for one in self.failures]
        met = f"{len(self.expectations) - len(failed)} of {len(self.expectations)} met"
        return met + (f"; not met: {'; '.join(failed)}" if failed else "")


def validate(
    settings: Settings, staged: StagedRelease, rules: Rules, progress: Progress = silent
) -> GateResult:
    """Judge a staged release by its contract and write Data Docs about it; never raises on data.

    Args:
        settings: where the Data Docs go.
        staged: what `stage_release` returned.
        rules: what the tables, studies and figures must meet.
        progress: told what is being done.

    """
    progress("Reading the staged release")
    try:
        tables = read_tables(staged.path)
        evidence = read_evidence(staged.path, read_manifest(staged.path), rules)
    except (duckdb.Error, OSError, ValueError, ReleaseError) as fault:
        detail = f"the staged release cannot be read: {str(fault).partition(chr(10))[0]}"
        return GateResult(False, (Expected(SUITE, "readable", False, detail),))
    batches: list[tuple[str, pd.DataFrame, list[Described]]] = [
        (name, tables[name], list(table_expectations(name, tables[name], contract, rules)))
        for name, contract in rules.contract.items()
        if name in tables
    ]
    batches += [(name, evidence[name], list(evidence_expectations(name))) for name in EVIDENCE]
    progress(f"Checking {sum(len(listed) for _, _, listed in batches)} expectations")
    context = _context()
    found = tuple(one for batch in batches for one in _run(context, staged.id, *batch))
    progress("Writing Data Docs")
    _write_docs(settings, context, staged.id, found)
    return GateResult(bool(found) and all(one.success for one in found), found)


def _context() -> EphemeralDataContext:
    """Import and quieten Great Expectations: no analytics, no progress bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context: EphemeralDataContext = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    context.data_sources.add_pandas(SUITE)
    return context


def _run(
    context: EphemeralDataContext,
    release: str,
    name: str,
    frame: pd.DataFrame,
    described: Iterable[Described],
) -> list[Expected]:
    """Put expectations on one frame; one outcome for each, in their order."""
    import great_expectations as gx  # noqa: PLC0415
    import great_expectations.expectations as kinds  # noqa: PLC0415
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    asset = context.data_sources.get(SUITE).add_dataframe_asset(name)
    suite = context.suites.add(gx.ExpectationSuite(name=name))
    sentences = {}
    for sentence, kind, arguments in described:
        made = getattr(kinds, kind)(**arguments, description=sentence)
        sentences[suite.add_expectation(made).id] = (kind, sentence)
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=name, data=asset.add_batch_definition_whole_dataframe(name), suite=suite
        )
    )
    outcome = definition.run(
        batch_parameters={"dataframe": frame},
        result_format="BOOLEAN_ONLY",
        run_id=RunIdentifier(run_name=release),
    )
    results = {result.expectation_config.id: result for result in outcome.results}
    return [
        _expected(name, kind, sentence, results.get(expectation))
        for expectation, (kind, sentence) in sentences.items()
    ]


def _expected(table: str, kind: str, sentence: str, result: Any) -> Expected:  # noqa: ANN401
    """Read one result; an expectation that raised, or that has no result, is a failure."""
    if result is None:
        return Expected(table, kind, False, f"{sentence} (was not evaluated)")
    if raised := _exception(result.exception_info or {}):
        return Expected(table, kind, False, f"{sentence} (could not be evaluated: {raised})")
    return Expected(table, kind, bool(result.success), sentence)


def _exception(info: Mapping[str, Any]) -> str:
    """First line of the exception in a result, flat or nested by metric; blank if none."""
    if info.get("raised_exception"):
        message = str(info.get("exception_message") or "unknown error").strip()
        return message.partition("\n")[0]
    nested = (_exception(value) for value in info.values() if isinstance(value, Mapping))
    return next((message for message in nested if message), "")


def _write_docs(
    settings: Settings,
    context: EphemeralDataContext,
    release: str,
    found: tuple[Expected, ...],
) -> None:
    from dagster_project.release.data_docs import write_data_docs  # noqa: PLC0415

    write_data_docs(settings.data_docs, context, release, found)
