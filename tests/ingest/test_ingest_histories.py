"""Histories of a landing: files come, are corrected, moved and lost, and runs break off.

After every step all that is known of the deliveries is compared with a model in plain Python
(history_model). `KTO_HISTORIES=1000` tries that many histories instead of the few of the suite,
`KTO_HISTORIES_FROM=500` begins at another seed.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import history_model as model
import polars as pl
import pytest
from failing_disk import Disk, KilledError
from history_model import FEEDS, Content, Landed, Model, Row
from history_place import Place, expected, told
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dagster_project.common.errors import UserError
from dagster_project.ingest import (
    check_lake,
    passes,
    read_register,
)

HISTORIES = int(os.environ.get("KTO_HISTORIES", "0")) or 10
FIRST = int(os.environ.get("KTO_HISTORIES_FROM", "0"))
PER_TEST = 50
STEPS = 15
FAULTS = ("EIO", "ENOSPC", "killed", "judging")
DONE: Counter[str] = Counter()
"""How often each step was taken and each outcome seen."""


@dataclass(frozen=True)
class Run:
    """Deliveries are taken in, and this fails at this place, if anything.

    `lost`: the files that were not taken in by then are gone before the next run.
    """

    fault: str = ""
    at: int = 0
    lost: bool = False


NOT_YET = Run("nothing is taken in")
RUNS = st.sampled_from((Run(), NOT_YET)) | st.builds(
    Run, st.sampled_from(FAULTS), st.integers(0, 4) | st.integers(0, 30), st.booleans()
)
SUFFIXES = (".csv", ".csv", ".csv", ".parquet", ".part")
NAMES = ("20210301 a", "20210301 b", "20210105 c", "20210601 deep/d", "new/e", "f", "g")
PATHS = st.builds(
    lambda feed, name, suffix: f"{feed}/{name}{suffix}",
    st.sampled_from(("counter", "counter", "counter", "telephone", "telephone", *FEEDS, "balie")),
    st.sampled_from(NAMES),
    st.sampled_from(SUFFIXES),
)
MODIFIED = st.integers(0, 3).map(model.days_after)
GRADES = ("1", "7", "8", "8", "10", "11", "acht")
ROWS = st.builds(
    Row,
    number=st.sampled_from(("r1", "r2", "r3", "r4", "r5", "r6", "", "a@b.nl")),
    grade=st.sampled_from(GRADES),
    text=st.sampled_from(("", "prima", "kort")),
    place=st.sampled_from(("GM0637", "GM0637", "GM0637", "GM0363", "GM9999")),
    product=st.sampled_from(("paspoort", "paspoort", model.NEW_PRODUCT)),
    day=st.sampled_from(("2020-10-01", "2020-10-01", model.LATER)),
    status=st.sampled_from(("klaar", "klaar", "proef")),
)
GOOD = st.builds(
    Row,
    number=st.sampled_from(("r1", "r2", "r3", "r4", "r5", "r6")),
    grade=st.sampled_from(("1", "8")),
    text=st.sampled_from(("", "prima")),
    product=st.sampled_from(("paspoort", "paspoort", model.NEW_PRODUCT)),
)
NEARLY_BLANK = st.sampled_from(
    (model.BLANK, replace(model.BLANK, remark="x"), replace(model.BLANK, status="klaar"))
)
SOME_ROWS = st.lists(GOOD | ROWS | NEARLY_BLANK, max_size=5).map(tuple)
CONTENTS = st.builds(
    lambda form, rows, filled: Content(form, model.filler(rows) if filled else rows),
    st.sampled_from(("csv", "csv", "csv", "parquet", "broken")),
    SOME_ROWS,
    st.booleans(),
)


class Histories(RuleBasedStateMachine):
    """One landing and one lake, from the first file on."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = Path(tempfile.mkdtemp())
        self.disk = Disk(self.patch)
        self.place = Place.under(self.folder / "place", Model())
        DONE["histories"] += 1

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.folder)

    @initialize(
        known=st.booleans(),
        files=st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=4),
        run=RUNS,
    )
    def begin(self, known: bool, files: dict[str, Content], run: Run) -> None:
        """Some files are there before the first run, one with a row of which the product is new."""
        self.place.know(known=known)
        new = Content("csv", model.filler((Row("r1", product=model.NEW_PRODUCT),)))
        for number, (path, content) in enumerate({"counter/begin.csv": new, **files}.items()):
            self.place.put(path, Landed(content, model.days_after(number)))
        self.after("begin", run=run)

    @rule(path=PATHS, content=CONTENTS, modified=MODIFIED, run=RUNS)
    def deliver(self, path: str, content: Content, modified: datetime, run: Run) -> None:
        """A file comes; if there was one of its name, it takes its place."""
        self.place.put(path, Landed(content, modified))
        self.after("deliver", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), path=PATHS, modified=MODIFIED, run=RUNS)
    def deliver_again(self, data: st.DataObject, path: str, modified: datetime, run: bool) -> None:
        """The same bytes, under this path or another."""
        landed = self.place.model.landing[self.some_path(data)]
        self.place.put(path, replace(landed, modified=modified))
        self.after("deliver again", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), path=PATHS, grade=st.sampled_from(GRADES), run=RUNS)
    def correct(self, data: st.DataObject, path: str, grade: str, run: Run) -> None:
        """Some rows again with another grade: in a file of their own, or in place of the first."""
        at = self.some_path(data)
        landed = self.place.model.landing[at]
        chosen = data.draw(st.lists(st.booleans(), min_size=6, max_size=6))
        rows = tuple(
            replace(row, grade=grade)
            for number, row in enumerate(landed.content.rows)
            if chosen[number % 6] and not row.is_blank
        )
        target = at if data.draw(st.booleans()) else path
        content = Content(landed.content.form, model.filler(rows))
        self.place.put(target, replace(landed, content=content))
        self.after("correct", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), one=PATHS, other=PATHS, keep=st.booleans(), run=RUNS)
    def split(self, data: st.DataObject, one: str, other: str, keep: bool, run: Run) -> None:
        """One delivery in two files, in another order, beside it or in its place."""
        at = self.some_path(data)
        landed = self.place.model.landing[at]
        rows = landed.content.rows
        chance = data.draw(st.randoms(use_true_random=False))
        rows = chance.sample(rows, len(rows))
        cut = chance.randint(0, len(rows))
        if not keep:
            self.place.take_away(at)
        for path, part in ((one, rows[:cut]), (other, rows[cut:])):
            content = replace(landed.content, rows=tuple(part))
            self.place.put(path, replace(landed, content=content))
        self.after("split", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), rows=SOME_ROWS, run=RUNS)
    def add_rows(self, data: st.DataObject, rows: tuple[Row, ...], run: Run) -> None:
        """A file grows by rows, bad ones among them."""
        at = self.some_path(data)
        landed = self.place.model.landing[at]
        content = replace(landed.content, rows=(*landed.content.rows, *rows))
        self.place.put(at, replace(landed, content=content))
        self.after("add rows", run=run)

    @precondition(lambda self: self.place.model.refused())
    @rule(data=st.data(), rows=st.lists(GOOD, max_size=4).map(tuple), run=RUNS)
    def mend(self, data: st.DataObject, rows: tuple[Row, ...], run: Run) -> None:
        """A refused file is replaced by a good one of its name."""
        _, path = data.draw(st.sampled_from(sorted(self.place.model.refused())))
        form = model.suffix_of(path)[1:]
        self.place.put(path, Landed(Content(form, model.filler(rows)), model.days_after(4)))
        self.after("mend", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), run=RUNS)
    def remove(self, data: st.DataObject, run: Run) -> None:
        """A file is gone from landing."""
        self.place.take_away(self.some_path(data))
        self.after("remove", run=run)

    @precondition(lambda self: self.place.model.landing)
    @rule(data=st.data(), path=PATHS, run=RUNS)
    def move(self, data: st.DataObject, path: str, run: Run) -> None:
        """A file is moved: to another feed, to no feed, or to another name."""
        landed = self.place.take_away(self.some_path(data))
        self.place.put(path, landed)
        self.after("move", run=run)

    @rule(run=RUNS)
    def change_codebook(self, run: Run) -> None:
        """The codebook gains a product, or loses it."""
        self.place.know(known=not self.place.model.knows_product)
        self.after("change the codebook", run=run)

    def break_off(self, feed: str, run: Run) -> None:
        """Something fails while deliveries are taken in; what is there is sound.

        Each delivery is as it was or as it will be. One on which judging broke off is refused.
        """
        place, fault = self.place, run.fault
        before = {k: expected(one) for k, one in place.model.taken.items()}
        due = place.model.to_judge(feed)
        with self.failing(fault, run.at) as failed:
            place.house.ingest(feed)
        place.model.take_in(feed)
        register = {(d.feed, d.sha256): d for d in read_register(place.lake)}
        for key, known in place.model.taken.items():
            after, one = expected(known), register.get(key)
            if one is not None and one.broke_off:
                assert (failed, fault, one.rows_read, one.state) == ([fault], fault, 0, "rejected")
                assert "fault of this program" in str(one.reason)
            else:
                assert (told(one) if one else None) in (before.get(key), after)
        if fault == "judging" or not any((feed, sha256) in before for sha256 in due):
            check_lake(place.lake)  # between two versions of a delivery its files are of neither
        DONE[f"broke off: {fault}"] += len(failed)
        for key in [(feed, sha256) for sha256 in due] if run.lost else []:
            if key not in register and key not in before:
                del place.model.taken[key]
                place.lose(*key)

    @contextmanager
    def failing(self, fault: str, at: int) -> Iterator[list[str]]:
        """Let one thing fail while the block runs, if it gets that far; says whether it did."""
        failed: list[str] = []
        home, aside = self.place.house.settings.home, self.folder / "aside"
        patch = pytest.MonkeyPatch()
        if fault == "killed":
            self.disk.kill(at, home, aside)
        elif fault == "judging":
            patch.setattr(passes, "parse", failing_after(at, passes.parse, failed))
        else:
            self.disk.fail(at, getattr(errno, fault))
        try:
            yield failed
        except KilledError:
            shutil.rmtree(home)
            aside.rename(home)
            failed.append(fault)
        except (UserError, OSError) as error:
            failed.append(fault)
            if os.strerror(getattr(errno, fault)) not in str(error):
                raise
        finally:
            self.disk.heal()
            patch.undo()

    @precondition(lambda self: len(self.place.model.landing) > 1)
    @rule(data=st.data())
    def elsewhere(self, data: st.DataObject) -> None:
        """The landing as it is, taken in at once and in several runs in any order: the same lake.

        Where one file of a feed lies there twice, its first sight tells its name and its day, so
        that the order may tell; such copies are left out.
        """
        known = self.place.model
        paths = [path for feed in FEEDS for path, _ in known.deliveries(feed)]
        one_by_one = [[path] for path in data.draw(st.permutations(paths))]
        lakes = []
        for runs in ([paths], one_by_one):
            folder = self.folder / f"elsewhere {len(lakes)}"
            other = Place.under(folder, Model(knows_product=known.knows_product))
            for run in runs:
                for path in run:
                    other.put(path, known.landing[path])
                for feed in other.model.feeds:
                    other.take_in(feed)
            other.compare()
            lakes.append(other.bytes)
            shutil.rmtree(folder)
        assert lakes[0] == lakes[1]
        self.after("elsewhere", run=NOT_YET)

    @invariant()
    def holds(self) -> None:
        self.place.compare()

    def some_path(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.place.model.landing)))

    def after(self, step: str, *, run: Run) -> None:
        """Count the step and what came of it; take in what is new if the step says so."""
        DONE[step] += 1
        DONE["steps"] += 1
        for feed in self.place.model.feeds if run != NOT_YET else ():
            if run.fault:
                self.break_off(feed, run)
                self.place.house.ingest(feed)
            else:
                self.place.take_in(feed)
        for known in self.place.model.taken.values():
            DONE[f"seen: {known.state}{', some bad' * bool(known.accepted and known.bad)}"] += 1


Judging = Callable[..., pl.DataFrame]


def failing_after(at: int, judging: Judging, failed: list[str]) -> Judging:
    """Judge so many batches, and then break off once."""
    calls = iter(range(at + 1))

    def broken(*arguments: object) -> pl.DataFrame:
        if next(calls, None) == at:
            failed.append("judging")
            raise ValueError("prima")
        return judging(*arguments)

    return broken


@pytest.mark.parametrize("first", range(FIRST, FIRST + HISTORIES, PER_TEST))
def test_any_history_ends_in_what_a_plain_model_says(first: int) -> None:
    DONE.clear()
    number = min(PER_TEST, FIRST + HISTORIES - first)

    run_state_machine_as_test(
        seed(first)(Histories),
        settings=settings(
            max_examples=number,
            stateful_step_count=STEPS,
            report_multiple_bugs=False,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    sys.stdout.write("".join(f"\n  {what}: {n}" for what, n in sorted(DONE.items())) + "\n")
    assert DONE["histories"] >= number
    assert DONE["steps"] >= number
