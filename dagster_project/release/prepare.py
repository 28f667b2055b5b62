"""The tables of periods that the models read, from the index and from what came.

Belongs here: reading, writing, and finishing what a killed run left. Does not belong here: the
rules (states), the store (vintages).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.durable import replacing
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.release.holds import holds_of
from dagster_project.release.order import Order
from dagster_project.release.publish import finish
from dagster_project.release.states import STATES, States, states_of
from dagster_project.release.vintages import (
    KEY,
    kept_models,
    parts_of,
    read_index,
    sweep,
    verify,
    write_anchors,
)
from dagster_project.warehouse import dbt_manifest, read_warehouse

FINAL_FILE, EARLIER_FILE, PERIODS_FILE = "final.parquet", "earlier.parquet", "periods.parquet"
EMPTY_FILE, RUN_FILE = "empty.parquet", "run.json"
CONTRIBUTIONS = "int_contributions"
FINAL = [*KEY, "period_type", "period_start", "revision", "vintage"]


@dataclass(frozen=True)
class Run:
    """What the last run was asked: whether it publishes, what it revises."""

    publishing: bool
    revises: bool


def write_final(settings: Settings, order: Order) -> pl.DataFrame:
    """Write which periods stay as they are, and the earlier vintages of those that are revised.

    Returns:
        The periods that stay.

    Raises:
        UserError: something kept is damaged, or what is to be revised is not published.

    """
    index = read_index(settings)
    finish(settings, index)
    sweep(settings, index)
    models = kept_models(dbt_manifest(settings))
    write_anchors(settings, models)
    verify(settings, index, but=[CONTRIBUTIONS])
    revised = parts_of(index, order.revise)
    final = index.newest.join(revised, on=KEY, how="anti")
    earlier = index.revisions_of(revised)
    settings.states.mkdir(parents=True, exist_ok=True)
    _write(final.select(FINAL), settings.states / FINAL_FILE)
    _write(earlier.select(*KEY, "revision", "vintage"), settings.states / EARLIER_FILE)
    if not (settings.states / PERIODS_FILE).is_file():
        _write(STATES.to_frame(), settings.states / PERIODS_FILE)
    return final


def write_states(
    settings: Settings, codebook: Codebook, order: Order, *, today: date, publishing: bool
) -> pl.DataFrame:
    """Write how it stands with every period.

    Raises:
        UserError: the order is about periods that are not what it takes them for.

    """
    found = read_states(settings, codebook, order, today=today)
    if (
        order.as_is
        and found.periods.filter(order.as_is.covers() & pl.col("as_is"))
        .filter(pl.col("is_built"))
        .is_empty()
    ):
        raise UserError("nothing that is held was named; see `kto status` for what is held and why")
    _write(found.periods, settings.states / PERIODS_FILE)
    _write(found.empty, settings.states / EMPTY_FILE)
    run = json.dumps({"publishing": publishing, "revises": bool(order.revise)})
    (settings.states / RUN_FILE).write_text(run + "\n", encoding="utf-8")
    return found.periods


def read_states(settings: Settings, codebook: Codebook, order: Order, *, today: date) -> States:
    """Judge every period on what the models found and what is wrong."""
    with read_warehouse(settings) as warehouse:
        contents = warehouse.sql("from intermediate.int_period_contents").pl()
    final = read_periods_file(settings, FINAL_FILE)
    return states_of(
        contents,
        read_index(settings).newest,
        holds_of(settings, codebook, final.select(KEY)),
        codebook,
        today=today,
        release_day=settings.release_day,
        order=order,
    )


def read_periods_file(settings: Settings, name: str) -> pl.DataFrame:
    """Read one of the tables of periods.

    Raises:
        UserError: it is not there.

    """
    path = settings.states / name
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as fault:
        raise UserError(f"{path} cannot be read ({fault}); run `kto refresh`") from fault


def read_run(settings: Settings) -> Run | None:
    """Read what the last run was asked; None before one."""
    try:
        return Run(**json.loads((settings.states / RUN_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(frame: pl.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.write_parquet(temporary)
