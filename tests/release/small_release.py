"""A warehouse of one survey, two offices and one figure: small enough to read.

Everything is made up; names are not those of the codebook, because a release must not know them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dagster_project.common.settings import Settings
from dagster_project.release.contract import Figure, Rules, TableContract
from dagster_project.release.export import StagedRelease, stage_release
from dagster_project.release.manifest import Story
from dagster_project.release.outcome import GateResult

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
STORY = Story()
KEY = ("study", "organisation_code", "period", "channel", "metric")

TABLES = {
    "dim_organisation": TableContract(
        (("organisation_code", "varchar"), ("name", "varchar")), ("organisation_code",)
    ),
    "dim_channel": TableContract(
        (("study", "varchar"), ("channel", "varchar")), ("study", "channel")
    ),
    "dim_period": TableContract(
        (
            ("study", "varchar"),
            ("period", "varchar"),
            ("period_type", "varchar"),
            ("period_start", "date"),
            ("closed", "boolean"),
        ),
        ("study", "period"),
    ),
    "dim_metric": TableContract(
        (("study", "varchar"), ("metric", "varchar"), ("family", "varchar")),
        ("study", "metric", "family"),
    ),
    "mart_kpi": TableContract(
        (
            ("study", "varchar"),
            ("organisation_code", "varchar"),
            ("period", "varchar"),
            ("channel", "varchar"),
            ("metric", "varchar"),
            ("period_type", "varchar"),
            ("period_start", "date"),
            ("n", "bigint"),
            ("value", "double"),
            ("value_rounded", "double"),
            ("margin", "double"),
            ("status", "varchar"),
        ),
        KEY,
    ),
    "mart_distribution": TableContract(
        (
            ("study", "varchar"),
            ("organisation_code", "varchar"),
            ("period", "varchar"),
            ("channel", "varchar"),
            ("metric", "varchar"),
            ("answer", "varchar"),
            ("n", "bigint"),
            ("share", "double"),
            ("status", "varchar"),
        ),
        (*KEY, "answer"),
    ),
}
RULES = Rules(TABLES, {"cafe": 10}, {("cafe", "taste"): Figure(1, 10, 1)})

ROWS = {
    "dim_organisation": "('A', 'Albert'), ('B', 'Bep')",
    "dim_channel": "('cafe', 'bar'), ('cafe', 'terrace')",
    "dim_period": "('cafe', '2020Q4', 'quarter', date '2020-10-01', true)",
    "dim_metric": "('cafe', 'taste', 'mean'), ('cafe', 'taste', 'distribution')",
    "mart_kpi": """
        ('cafe', 'B', '2020Q4', 'all', 'taste', 'quarter', date '2020-10-01',
            25, 7.25, 7.3, 0.4, 'published'),
        ('cafe', 'A', '2020Q4', 'bar', 'taste', 'quarter', date '2020-10-01',
            10, 8.0, 8.0, 0.0, 'published'),
        ('cafe', 'A', '2020Q4', 'terrace', 'taste', 'quarter', date '2020-10-01',
            null, null, null, null, 'suppressed')
    """,
    "mart_distribution": """
        ('cafe', 'A', '2020Q4', 'bar', 'taste', '8', 10, 100.0, 'published'),
        ('cafe', 'A', '2020Q4', 'bar', 'taste', '9', 10, 0.0, 'published'),
        ('cafe', 'A', '2020Q4', 'terrace', 'taste', '8', null, null, 'suppressed')
    """,
}


BEHIND = f"""
    create table int_released as
    select 'own' as series, 'cafe' as study, organisation_code, '2020Q4' as period
    from (values ('A'), ('B')) as offices (organisation_code);
    create table int_response_rows as
    select delivery, status, 'cafe' as study, 'A' as organisation_code, period
    from (
        values ('{"f" * 64}', 'counted', '2020Q4'), ('{"0" * 64}', 'set_aside', '2020Q4'),
            ('{"1" * 64}', 'late', '2020Q4'), ('{"2" * 64}', 'counted', '2021Q1')
    ) as rows (delivery, status, period);
    create table int_invitation_rows as from int_response_rows where status = 'counted'
"""
"""What the marts rest on: 2020Q4 of both offices is published, the quarter after it is not."""


def settings_in(folder: Path) -> Settings:
    """Settings whose home is an empty folder of the test."""
    return Settings(root=folder, landing=folder / "landing", home=folder / "home")


def make_warehouse(settings: Settings, *changes: str) -> None:
    """Write the marts anew, then carry out the SQL that doctors them."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(settings.warehouse) as engine:
        engine.execute("create schema intermediate; use intermediate")
        engine.execute(BEHIND)
        engine.execute("create schema marts; use marts")
        for table, contract in TABLES.items():
            columns = ", ".join(f"{name} {kind}" for name, kind in contract.columns)
            engine.execute(f"create table {table} ({columns})")
            engine.execute(f"insert into {table} values {ROWS[table]}")
        for change in changes:
            engine.execute(change)


def stage(settings: Settings, now: datetime = NOW) -> StagedRelease:
    """Stage what is in the warehouse."""
    return stage_release(settings, STORY, ["dbt"], now)


def failures(result: GateResult) -> set[str]:
    """What a gate found, as table and sentence."""
    assert result.success is (not result.failures)
    return {f"{one.table}: {one.detail}" for one in result.failures}


def no_vintage(_: StagedRelease) -> None:
    """Keep nothing: these releases are about the swap alone."""
