"""Invitations of one block: to those who answered and to those who kept silent.

Belongs here: ids, methods, addresses, statuses, reminders. Does not belong here: answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dagster_project.demo.answers import Texts
from dagster_project.demo.draws import (
    DAY,
    LATEST_DAYS,
    SECOND,
    Columns,
    Flags,
    numbered,
    pick,
    quarter_of,
    working_days,
)
from dagster_project.demo.shapes import Block
from dagster_project.demo.tables import DemoTables

REMINDED_SILENT, REMINDED_ANSWERED = 0.35, 0.15


def invitation_ids(block: Block, order: int, numbers: NDArray[np.int64]) -> Texts:
    """Ids unique over all years, feeds and organisations; `order` tells feeds apart."""
    stem = f"U{block.year % 100}{order}-{block.organisation[-4:]}-"
    return numbered(stem, numbers)


@dataclass(frozen=True)
class Silent:
    """Those at hand who did not answer; `status` is blank where it is still to be drawn."""

    days: NDArray[np.datetime64]
    quarter: NDArray[np.int64]
    product: Texts
    status: Texts


def invite(tables: DemoTables, block: Block, columns: Columns, rng: Generator) -> Columns:
    """Those who answered, and those who did not."""
    answered = np.flatnonzero(columns["invitation_id"] != "")
    if block.samples:
        silent = _rest_of_the_sample(tables, block, rng)
    elif answered.size:
        silent = _like_those_who_came(tables, block, columns, answered.size, rng)
    else:
        silent = None
    if silent is None or answered.size + silent.days.size == 0:
        return {"quarter": []}
    is_silent = np.arange(answered.size + silent.days.size) >= answered.size
    lost = np.concatenate([np.zeros(answered.size, dtype=np.bool_), silent.status != ""])
    order = tables.number_of(block.feed)
    later = invitation_ids(block, order, block.responses + 1 + np.arange(silent.days.size))
    ids = np.concatenate([columns["invitation_id"][answered], later])
    methods = tables.choices(block.feed, "method", block.organisation)
    method = pick(methods, "weight", ids.size, rng)
    mailed = np.array([row["email"] == "true" for row in methods])[method]
    days = np.concatenate([columns["contact_date"][answered], silent.days])
    quarter = np.concatenate([columns["quarter"][answered], silent.quarter])
    return {
        "quarter": quarter,
        "invitation_id": ids,
        "batch_id": [f"B{block.year}-{q}-{block.organisation}-{order}" for q in quarter.tolist()],
        "channel": [tables.feeds[block.feed]["channel"]] * ids.size,
        "product_code": np.concatenate([columns["product_code"][answered], silent.product]),
        "method": np.array([row["raw"] for row in methods])[method],
        "sent_at": _moments(days, rng.integers(9 * 3600, 18 * 3600, ids.size)),
        "email": _addresses(tables, mailed, ids, rng),
        "status": _statuses(tables, block.feed, is_silent, silent.status, rng),
        "reminded_at": _reminders(days, mailed & ~lost, is_silent, rng),
    }


def _like_those_who_came(
    tables: DemoTables, block: Block, columns: Columns, answered: int, rng: Generator
) -> Silent:
    """Silent ones who came on the same days for the same products as those who answered."""
    rate = float(tables.organisations[block.organisation]["answer_rate"])
    source = rng.integers(0, block.responses, round(answered * (1 / rate - 1)))
    return Silent(
        columns["contact_date"][source],
        columns["quarter"][source],
        columns["product_code"][source],
        np.full(source.size, ""),
    )


def _rest_of_the_sample(tables: DemoTables, block: Block, rng: Generator) -> Silent:
    """Fill the sample of each product up, with those reached first and then those who were not.

    Raises:
        ValueError: a sample belongs to a feed that has no window, or has more responses than it
            reached people.

    """
    window = tables.window(block)
    if window is None:
        raise ValueError(f"feed {block.feed} has a row in samples.csv and no window in feeds.csv")
    groups = [
        group
        for sample in block.samples
        if sample.reached
        for group in (
            (sample.product, "", sample.reached - sample.responses),
            *((sample.product, status, count) for status, count in sample.lost.items()),
        )
    ]
    sizes = [size for _, _, size in groups]
    days = rng.permutation(working_days(*window, sum(sizes), rng))
    return Silent(
        days,
        np.full(days.size, quarter_of(window[1])),
        np.repeat(np.array([product for product, _, _ in groups], dtype="<U64"), sizes),
        np.repeat(np.array([status for _, status, _ in groups], dtype="<U32"), sizes),
    )


def _moments(days: NDArray[np.datetime64], seconds: NDArray[np.int64]) -> Texts:
    moments: NDArray[np.datetime64] = np.add(days.astype("datetime64[s]"), seconds * SECOND)
    return np.datetime_as_string(moments, unit="s")


def _reminders(days: NDArray[np.datetime64], mailed: Flags, silent: Flags, rng: Generator) -> Texts:
    chance = np.where(silent, REMINDED_SILENT, REMINDED_ANSWERED)
    reminded = mailed & (rng.random(days.size) < chance)
    moments = _moments(
        days + rng.integers(3, LATEST_DAYS, days.size) * DAY, np.full(days.size, 9 * 3600)
    )
    return np.where(reminded, moments, "")


def _statuses(
    tables: DemoTables, feed: str, silent: Flags, known: Texts, rng: Generator
) -> list[str]:
    drawn = []
    for purpose in ("status_answered", "status_silent"):
        rows = tables.choices(feed, purpose)
        drawn.append(np.array([row["raw"] for row in rows])[pick(rows, "weight", silent.size, rng)])
    statuses = np.where(silent, drawn[1], drawn[0]).astype(object)
    statuses[np.flatnonzero(silent)[known != ""]] = known[known != ""]
    listed: list[str] = statuses.tolist()
    return listed


def _addresses(tables: DemoTables, mailed: Flags, ids: Texts, rng: Generator) -> list[str]:
    domains = tables.settings["domains"].split("|")
    which = rng.integers(0, len(domains), ids.size).tolist()
    return [
        tables.settings["email"].format(number=crc32(name.encode()), domain=domains[d])
        if yes
        else ""
        for name, d, yes in zip(ids.tolist(), which, mailed.tolist(), strict=True)
    ]
