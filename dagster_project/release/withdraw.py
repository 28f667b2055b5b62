"""Withdraws published periods that were never distributed.

The index drops them, and the next manifest says so. Belongs here: what may be withdrawn, and by
whom. Does not belong here: the store (vintages).
"""

from __future__ import annotations

import getpass
from datetime import date

from filelock import Timeout

from dagster_project.common.errors import UserError
from dagster_project.common.quarters import today
from dagster_project.common.replacement import finish
from dagster_project.common.settings import Settings
from dagster_project.release.order import PeriodKey
from dagster_project.release.vintages import (
    Index,
    Withdrawal,
    parts_of,
    read_index,
    write_index,
)
from dagster_project.warehouse.lock import home_lock


def withdraw(
    settings: Settings,
    periods: tuple[PeriodKey, ...],
    *,
    reason: str,
    by: str | None = None,
    never_distributed: bool,
) -> tuple[str, ...]:
    """Withdraw published periods of one organisation, and the years that are sums of them.

    Returns:
        The periods that are gone.

    Raises:
        UserError: it is not stated that they were never distributed, one is not published, or
            another run is at work.

    """
    if not never_distributed:
        raise UserError(
            "what was distributed cannot be withdrawn: a reader who kept it could subtract it from "
            "what is published next. State with --never-distributed that it never was, or correct "
            "it with `kto revise`"
        )
    try:
        with home_lock(settings).acquire(timeout=0):
            finish(settings.home)
            index = read_index(settings)
            gone = _take_back(index, periods, reason, by or getpass.getuser(), today())
            write_index(settings, gone)
    except Timeout:
        raise UserError(
            f"another run is at work in {settings.home}; wait until it has ended, then run again"
        ) from None
    return gone.withdrawals[-1].periods


def _take_back(
    index: Index, periods: tuple[PeriodKey, ...], reason: str, by: str, on: date
) -> Index:
    found = parts_of(index, periods)
    known = set(found.select("study", "organisation_code", "period").iter_rows())
    for period in periods:
        if period not in known:
            raise UserError(f"{' '.join(period)} is not published, so there is nothing to withdraw")
    study, organisation, _ = periods[0]
    names = tuple(found["period"].to_list())
    return index.without(found, Withdrawal(study, organisation, names, by, reason, on.isoformat()))
