"""Thousands of changed deliveries, each judged as a refresh does; none may cost more than itself.

`KTO_MUTATIONS=10000` tries that many instead of the few of the suite, `KTO_MUTATIONS_FROM=500`
begins at another seed. A seed that fails makes its file again: `mutated.mutated(seed)`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import polars as pl
import pytest
from landing_house import NOW, House
from mutated import SECRETS, Mutated, mutated, valid
from mutated_formats import write

from dagster_project.codebook import Codebook
from dagster_project.common.errors import UserError
from dagster_project.common.settings import PROJECT_ROOT, Limits, Settings
from dagster_project.ingest import Delivery, check_lake, ingest_feed, read_register

SEEDS = int(os.environ.get("KTO_MUTATIONS", "0")) or 320
FIRST = int(os.environ.get("KTO_MUTATIONS_FROM", "0"))
PER_TEST = 1000
AT_ONCE = 60
LIMITS = Limits(memory_mb=1024, seconds=20)
LONGEST_LINE = 600
ROOMS = ("responses", "invitations", "restricted", "quarantine")


@dataclass
class Findings:
    """What became of the deliveries, by format, and what should not have."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def fault(self, one: Mutated, what: str) -> None:
        self.faults.append(f"seed {one.seed} ({one.file}; {', '.join(one.how)}): {what}")


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, PER_TEST))
def test_a_changed_delivery_costs_itself_at_most(first: int, real_codebook: Codebook):
    last = min(first + PER_TEST, FIRST + SEEDS)

    found = judge(range(first, last), real_codebook)

    counted = "\n  ".join(f"{what}: {n}" for what, n in sorted(found.outcomes.items()))
    sys.stdout.write(f"\n{first} to {last - 1}:\n  {counted}\n")
    assert found.faults == []
    assert sum(found.outcomes.values()) == last - first
    assert {outcome for _, outcome in found.outcomes} == {"accepted", "partly", "refused"}


def judge(seeds: Iterable[int], codebook: Codebook) -> Findings:
    """Judge the deliveries of some seeds, many in one landing at a time."""
    found = Findings()
    by_feed: dict[str, list[Mutated]] = defaultdict(list)
    for seed in seeds:
        one = mutated(seed)
        by_feed[one.feed].append(one)
        if len(by_feed[one.feed]) == AT_ONCE:
            _judge_together(by_feed.pop(one.feed), codebook, found)
    for batch in by_feed.values():
        _judge_together(batch, codebook, found)
    return found


def _judge_together(batch: Sequence[Mutated], codebook: Codebook, found: Findings) -> None:
    """Judge them in one run; if that breaks down, one by one to see which they are."""
    with tempfile.TemporaryDirectory() as folder:
        house = _house(Path(folder), codebook)
        feed = batch[0].feed
        good = f"{feed}/20210104 good.csv"
        table = valid(feed, Random(0))  # noqa: S311
        house.land(good, write(table, "csv", Random(0)))  # noqa: S311
        for one in batch:
            house.land(one.file, one.content)
        said: list[str] = []
        began = time.monotonic()
        try:
            result = ingest_feed(house.settings, codebook, feed, said.append, NOW)
            check_lake(house.settings.lake)
        except (Exception, pl.exceptions.PanicException) as error:
            if len(batch) > 1:
                for one in batch:
                    _judge_together([one], codebook, found)
            else:
                kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
                found.fault(batch[0], f"stopped the run: {kind}{str(error)[:300]}")
                found.outcomes[batch[0].extension, "stopped"] += 1
            return
        if time.monotonic() - began > LIMITS.seconds * 2 and len(batch) == 1:
            found.fault(batch[0], "took too long")
        register = {delivery.file: delivery for delivery in result.deliveries}
        untouched = register[good]
        assert (untouched.state, untouched.rows_accepted) == ("accepted", table.expected), untouched
        for one in batch:
            if one.file in register:
                _look_at(one, register[one.file], house, found)
            else:  # the same bytes as another one
                found.outcomes[one.extension, "accepted"] += 1
        _look_for_secrets(batch, house, said, found)
        _look_for_leftovers(batch, house, found)


def _house(folder: Path, codebook: Codebook) -> House:
    settings = Settings(
        PROJECT_ROOT,
        folder / "landing",
        folder / "home",
        b"a secret of the tests",
        limits=LIMITS,
        quiet_seconds=0,
    )
    settings.landing.mkdir()
    return House(settings, codebook)


def _look_at(one: Mutated, delivery: Delivery, house: House, found: Findings) -> None:
    """See that its counts add up, that they are those of the lake, and that a refusal is a line."""
    refused = delivery.state == "rejected"
    outcome = "refused" if refused else "partly" if delivery.rows_quarantined else "accepted"
    found.outcomes[one.extension, outcome] += 1
    if delivery.rows_read != delivery.rows_accepted + delivery.rows_quarantined:
        found.fault(one, f"{delivery.rows_read} rows read are not those accepted and quarantined")
    unread = refused and not delivery.rows_read
    if one.rows is not None and not unread and delivery.rows_read != one.rows:
        found.fault(one, f"{delivery.rows_read} rows read of {one.rows}; {delivery.state}")
    lake = house.settings.lake
    kept = {room: lake / room / one.feed / f"{delivery.sha256}.parquet" for room in ROOMS}
    counted = {
        room: pl.read_parquet(path).get_column("row")
        for room, path in kept.items()
        if path.exists()
    }
    room = "invitations" if one.feed == "invitations" else "responses"
    if refused and counted.keys() - {"quarantine"}:
        found.fault(one, f"refused, and has rows in {sorted(counted)}")
    if not refused and counted[room].n_unique() != delivery.rows_accepted:
        found.fault(one, "the lake has other rows than were accepted")
    if counted.get("quarantine", pl.Series()).n_unique() != delivery.rows_quarantined:
        found.fault(one, "quarantine has other rows than were counted")
    _look_at_words(one, delivery, found)


def _look_at_words(one: Mutated, delivery: Delivery, found: Findings) -> None:
    lines = [*delivery.unknown_columns, *([delivery.reason] if delivery.reason else [])]
    for line in lines:
        if not line.isprintable() or len(line) > LONGEST_LINE:
            found.fault(one, f"says what is not one line: {line[:200]!r}")
    if delivery.broke_off:
        found.fault(one, f"judging it broke off: {delivery.reason}")
    if delivery.state == "rejected" and not delivery.reason:
        found.fault(one, "refused without a reason")
    if "not read within" in (delivery.reason or ""):
        found.fault(one, "hangs")
    found.reasons[(delivery.reason or "")[:60]] += 1


def _look_for_secrets(
    batch: Sequence[Mutated], house: House, said: Sequence[str], found: Findings
) -> None:
    by_file = {one.file: one for one in batch}
    by_hash = {d.sha256: by_file.get(d.file) for d in read_register(house.settings.lake)}
    for name, text in (*_texts(house), *(("progress", line) for line in said)):
        for secret in SECRETS:
            if secret in text:
                one = by_hash.get(Path(name).stem) or batch[0]
                at = text.index(secret)
                found.fault(one, f"{secret} is in {name}: {text[max(at - 80, 0) : at + 40]!r}")


def _texts(house: House) -> Iterator[tuple[str, str]]:
    """Every file of the home but those of the restricted part, as it is and unpacked."""
    for path in house.settings.home.rglob("*"):
        name = path.relative_to(house.settings.home).as_posix()
        if not path.is_file() or name.startswith("lake/restricted/"):
            continue
        yield name, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            yield name, str(pl.read_parquet(path).to_dicts())


def _look_for_leftovers(batch: Sequence[Mutated], house: House, found: Findings) -> None:
    lake = house.settings.lake
    registered = {name for delivery in read_register(lake) for name in delivery.files}
    there = {path.relative_to(lake).as_posix() for path in lake.rglob("*.parquet")}
    astray = (
        there - registered - {"responses/_none/empty.parquet", "invitations/_none/empty.parquet"}
    )
    astray |= {path.name for path in lake.rglob("*.tmp")}
    if astray or registered - there:
        found.fault(batch[0], f"left in the lake, or gone from it: {astray or registered - there}")
