"""The last look at a release before anyone may read it; it fails closed.

Belongs here: running the expectations with Great Expectations and telling what failed. Does not
belong here: which expectations there are. Results are booleans only, never a value of a row.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from dagster_project.progress import Progress, silent
from dagster_project.release.contract import Rules
from dagster_project.release.data_docs import write_data_docs
from dagster_project.release.described import Described
from dagster_project.release.evidence import read_evidence, read_tables
from dagster_project.release.expectations import (
    EVIDENCE,
    OF_EACH_COLUMN,
    evidence_expectations,
    table_expectations,
)
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import ReleaseError, read_manifest
from dagster_project.release.outcome import Expected, GateResult
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

SUITE = "release"


def validate(
    settings: Settings, staged: StagedRelease, rules: Rules, progress: Progress = silent
) -> GateResult:
    """Judge a staged release by its contract and write Data Docs about it; never raises on data.

    Args:
        settings: where the Data Docs go.
        staged: what `stage_release` returned.
        rules: what the tables, studies and figures must meet.
        progress: told what is being done.

    Raises:
        ReleaseError: the disk does not allow Data Docs to be written.

    """
    context = _context()
    result = judge(staged, rules, context, progress)
    progress("Writing Data Docs")
    try:
        write_data_docs(settings.data_docs, context, staged.id, result.expectations)
    except OSError as fault:
        raise ReleaseError(
            f"Data Docs could not be written to {settings.data_docs}: {fault}. What is published "
            "is unchanged; mend this and run `kto refresh` again"
        ) from fault
    return result


def judge(
    staged: StagedRelease,
    rules: Rules,
    context: EphemeralDataContext | None = None,
    progress: Progress = silent,
) -> GateResult:
    """Judge a staged release and write nothing; `context` keeps the results for Data Docs."""
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
    used = context or _context()
    found = tuple(one for batch in batches for one in _run(used, staged.id, *batch))
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

    listed = list(described)
    asset = context.data_sources.get(SUITE).add_dataframe_asset(name)
    # Added one by one, each expectation would have the whole suite written again.
    made = [
        getattr(kinds, kind)(**_arguments(given), description=text) for text, kind, given in listed
    ]
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=made))
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
    found = []
    for (sentence, kind, given), expectation in zip(listed, suite.expectations, strict=True):
        one = _expected(name, kind, sentence, results.get(expectation.id))
        found += list(_by_column(one, frame, str(given.get("column")))) or [one]
    return found


def _by_column(one: Expected, frame: pd.DataFrame, rule: str) -> Iterator[Expected]:
    """Say of which columns what is expected of each does not hold; nothing if it does of all."""
    if one.success or rule not in OF_EACH_COLUMN:
        return
    broken = frame[frame[rule] > 0]
    for table, column in zip(broken["table"], broken["column"], strict=True):
        yield Expected(table, one.expectation, False, f"{column} {OF_EACH_COLUMN[rule]}")


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Turn `where` triples into the row condition that Great Expectations knows."""
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

    arguments = {name: value for name, value in given.items() if name != "where"}
    conditions = [
        Column(column) == value if comparison == "==" else Column(column) != value
        for column, comparison, value in given.get("where", ())
    ]
    if conditions:
        arguments["row_condition"] = reduce(and_, conditions)
    return arguments


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
