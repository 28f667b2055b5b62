"""Invitations of one block: to those who answered and to those who kept silent.

Belongs here: ids, methods, addresses, statuses, reminders. Does not belong here: answers.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dagster_project.demo.answers import Texts
from dagster_project.demo.draws import DAY, LATEST_DAYS, SECOND, Columns, Flags, pick
from dagster_project.demo.tables import Block, DemoTables

REMINDED_SILENT, REMINDED_ANSWERED = 0.35, 0.15


def invitation_ids(block: Block, order: int, numbers: NDArray[np.int64]) -> Texts:
    """Ids unique over all years, feeds and organisations; `order` tells feeds apart."""
    stem = f"U{block.year % 100}{order}-{block.organisation[-4:]}-"
    ids: Texts = np.char.add(stem, np.char.zfill(numbers.astype(str), 5))
    return ids


def invite(tables: DemoTables, block: Block, columns: Columns, rng: Generator) -> Columns:
    """Those who answered, and silent ones who came on the same days for the same products."""
    answered = np.flatnonzero(columns["invitation_id"] != "")
    if not answered.size:
        return {"quarter": []}
    rate = float(tables.organisations[block.organisation]["answer_rate"])
    silent = rng.integers(0, block.responses, round(answered.size * (1 / rate - 1)))
    source = np.concatenate([answered, silent])
    is_silent = np.arange(source.size) >= answered.size
    order = tables.number_of(block.feed)
    later = invitation_ids(block, order, block.responses + 1 + np.arange(silent.size))
    ids = np.concatenate([columns["invitation_id"][answered], later])
    methods = tables.choices(block.feed, "method")
    method = pick(methods, "weight", source.size, rng)
    mailed = np.array([row["email"] == "true" for row in methods])[method]
    days, quarter = columns["contact_date"][source], columns["quarter"][source]
    return {
        "quarter": quarter,
        "invitation_id": ids,
        "batch_id": [f"B{block.year}-{q}-{block.organisation}-{order}" for q in quarter.tolist()],
        "channel": [tables.feeds[block.feed]["channel"]] * source.size,
        "product_code": columns["product_code"][source],
        "method": np.array([row["raw"] for row in methods])[method],
        "sent_at": _moments(days, rng.integers(9 * 3600, 18 * 3600, source.size)),
        "email": _addresses(tables, mailed, ids, rng),
        "status": _statuses(tables, block.feed, is_silent, rng),
        "reminded_at": _reminders(days, mailed, is_silent, rng),
    }


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


def _statuses(tables: DemoTables, feed: str, silent: Flags, rng: Generator) -> list[str]:
    drawn = []
    for purpose in ("status_answered", "status_silent"):
        rows = tables.choices(feed, purpose)
        drawn.append(np.array([row["raw"] for row in rows])[pick(rows, "weight", silent.size, rng)])
    statuses: list[str] = np.where(silent, drawn[1], drawn[0]).tolist()
    return statuses


def _addresses(tables: DemoTables, mailed: Flags, ids: Texts, rng: Generator) -> list[str]:
    domains = tables.settings["domains"].split("|")
    which = rng.integers(0, len(domains), ids.size).tolist()
    return [
        tables.settings["email"].format(number=crc32(name.encode()), domain=domains[d])
        if yes
        else ""
        for name, d, yes in zip(ids.tolist(), which, mailed.tolist(), strict=True)
    ]
