"""The last check of a release before it is published; an error counts as a failure.

Belongs here: running the expectations with Great Expectations and reporting what failed. Does not
belong here: which expectations there are. Results are booleans only, never a value of a row.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from importlib import import_module
from operator import and_
from types import ModuleType
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from dagster_project.common.progress import Progress, silent
from dagster_project.common.settings import Settings
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

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.data_context import EphemeralDataContext

SUITE = "release"
NEVER_USED = ("altair", "scipy.stats")
"""What Great Expectations imports for charts and tests of distributions; it takes a second."""


def validate(
    settings: Settings, staged: StagedRelease, rules: Rules, progress: Progress = silent
) -> GateResult:
    """Judge a staged release by its contract and write Data Docs about it; never raises on data.

    Args:
        settings: where the Data Docs go.
        staged: what `stage_release` returned.
        rules: what the tables, studies and figures must meet.
        progress: called with what is being done.

    Raises:
        ReleaseError: the disk does not allow Data Docs to be written.

    """
    result, shown = _judge(staged, rules, progress)
    progress("Writing Data Docs")
    try:
        write_data_docs(settings.data_docs, staged.id, result.expectations, shown)
    except OSError as fault:
        raise ReleaseError(
            f"Data Docs could not be written to {settings.data_docs}: {fault}. What is published "
            "is unchanged; mend this and run `kto refresh` again"
        ) from fault
    return result


def judge(staged: StagedRelease, rules: Rules, progress: Progress = silent) -> GateResult:
    """Judge a staged release and write nothing."""
    return _judge(staged, rules, progress)[0]


def _judge(
    staged: StagedRelease, rules: Rules, progress: Progress
) -> tuple[GateResult, list[ExpectationSuiteValidationResult]]:
    """Judge a staged release; with what Great Expectations has to show of each frame."""
    progress("Reading the staged release")
    try:
        tables = read_tables(staged.path)
        evidence = read_evidence(staged.path, read_manifest(staged.path), rules)
    except (duckdb.Error, OSError, ValueError, ReleaseError) as fault:
        detail = f"the staged release cannot be read: {str(fault).partition(chr(10))[0]}"
        return GateResult(False, (Expected(SUITE, "readable", False, detail),)), []
    batches: list[tuple[str, pd.DataFrame, list[Described]]] = [
        (name, tables[name], list(table_expectations(name, tables[name], contract, rules)))
        for name, contract in rules.contract.items()
        if name in tables
    ]
    batches += [(name, evidence[name], list(evidence_expectations(name))) for name in EVIDENCE]
    progress(f"Checking {sum(len(listed) for _, _, listed in batches)} expectations")
    whole = _whole_frame()
    found: list[Expected] = []
    shown = []
    for name, frame, described in batches:
        outcome = _run(whole, name, frame, described)
        shown.append(outcome)
        found += _told(outcome, name, frame, described)
    return GateResult(bool(found) and all(one.success for one in found), tuple(found)), shown


def _whole_frame() -> BatchDefinition[Any]:
    """Import and quieten Great Expectations, and define the one kind of batch: a whole frame.

    No analytics, no progress bars. One definition serves every frame, as each that is added has the
    configuration of the whole context written again.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with imported_when_used(*NEVER_USED):
        import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context: EphemeralDataContext = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas(SUITE).add_dataframe_asset(SUITE)
    return asset.add_batch_definition_whole_dataframe(SUITE)


def _run(
    whole: BatchDefinition[Any], name: str, frame: pd.DataFrame, described: Iterable[Described]
) -> ExpectationSuiteValidationResult:
    """Put expectations on one frame; the id of each is its place among them."""
    import great_expectations as gx  # noqa: PLC0415
    import great_expectations.expectations as kinds  # noqa: PLC0415

    made = [
        getattr(kinds, kind)(**_arguments(given), description=text)
        for text, kind, given in described
    ]
    suite = gx.ExpectationSuite(name=name, expectations=made)
    for place, expectation in enumerate(suite.expectations):
        expectation.id = str(place)
    batch = whole.get_batch({"dataframe": frame})
    return batch.validate(suite, result_format="BOOLEAN_ONLY")


def _told(
    outcome: ExpectationSuiteValidationResult,
    name: str,
    frame: pd.DataFrame,
    described: Iterable[Described],
) -> Iterator[Expected]:
    """Yield one outcome for each expectation, in their order, or one for each column it names."""
    results = {result.expectation_config.id: result for result in outcome.results}
    for place, (sentence, kind, given) in enumerate(described):
        one = _expected(name, kind, sentence, results.get(str(place)))
        yield from list(_by_column(one, frame, str(given.get("column")))) or [one]


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


class _Later(ModuleType):
    """Stands in for a module, which is imported when the first of its names is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def imported_when_used(*names: str) -> Iterator[None]:
    """Defer the import of these modules to their first use; those imported already stay.

    Names that the imports take out of such a module one by one import it at once.
    """
    added = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in added})
    try:
        yield
    finally:
        for name in added:
            if isinstance(sys.modules.get(name), _Later):
                del sys.modules[name]
