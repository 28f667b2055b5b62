"""Drives the protector through a history, release by release, as the pipeline does.

Belongs here: turning respondents into the tables that `protect` takes, and the order of its calls.
Does not belong here: judging what comes out (joint_oracle).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
from histories import ALL, BASE, GRADE, HIGH, LOW, MEASURES, Cell, History, Release, touched

from dagster_project.disclosure.protect import Rules, Vintages, protect

STUDY, ORGANISATION = "s", "o"
NAMES = ("period", "channel", "product_code", "segment")
LAYOUT = [(name, pa.string()) for name in ("study", "organisation_code", *NAMES)]
FIGURES = [
    *((name, pa.string()) for name in ("disclosure_group", "measure", "kind", "answer")),
    ("n", pa.int64()),
    *(
        (name, pa.float64())
        for name in ("n_effective", "weight", "total", "total_squared", "low", "high")
    ),
]
CELLS = pa.schema([*LAYOUT, *FIGURES])
STATUS = pa.schema([*LAYOUT, ("disclosure_group", pa.string()), ("status", pa.string())])
PAIRS = pa.schema(
    [("study", pa.string()), ("since", pa.int64()), ("after", pa.string()), ("before", pa.string())]
)
COUNTED = [("since", pa.int64()), ("measure", pa.string()), ("people", pa.int64())]
CHANGED = pa.schema([*LAYOUT, *COUNTED])
MOVED = pa.schema(
    [
        *LAYOUT,
        *((f"to_{name}", kind) for name, kind in LAYOUT[1:]),
        *COUNTED,
        ("altered", pa.bool_()),
    ]
)
HIERARCHIES = pa.schema(
    [(name, pa.string()) for name in ("study", "dimension", "partition", "parent", "child")]
)


def _key(cell: Cell, prefix: str = "") -> dict[str, Any]:
    names = dict(zip((f"{prefix}{name}" for name in NAMES), cell, strict=True))
    place = {f"{prefix}organisation_code": ORGANISATION, **names}
    return place if prefix else {"study": STUDY, **place}


def cell_rows(
    history: History, versions: Mapping[str, int], periods: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """List the rows of `cells` of these periods, from these versions of the quarters."""
    people = history.people(versions)
    homes = [(frozenset(history.shape.leaves_of(p)), p) for p in people]
    for cell in history.shape.cells(periods):
        ways = history.shape.ways(cell)
        inside = [p for leaves, p in homes if leaves & ways[0]]
        if not inside:
            continue
        n = len(inside)
        remarks = sum(p.remark for p in inside)
        yield _key(cell) | _row(BASE, BASE, "count", n)
        yield _key(cell) | _row(BASE, "reviews", "carried", remarks)
        grades = [p.grade for p in inside if p.grade is not None]
        yield (
            _key(cell)
            | _row(GRADE, GRADE, "mean", len(grades))
            | {
                "total": float(sum(grades)),
                "total_squared": float(sum(g * g for g in grades)),
                "low": float(LOW),
                "high": float(HIGH),
            }
        )


def _place(row: Mapping[str, Any]) -> Cell:
    period, channel, code, segment = (str(row[name]) for name in NAMES)
    return period, channel, code, segment


def _fate(row: Mapping[str, Any], *, is_shown: bool) -> dict[str, Any]:
    status = "published" if is_shown else "suppressed"
    return {name: row[name] for name in STATUS.names[:-1]} | {"status": status}


def _row(group: str, measure: str, kind: str, n: int) -> dict[str, Any]:
    return {
        "disclosure_group": group,
        "measure": measure,
        "kind": kind,
        "answer": None,
        "n": n,
        "n_effective": float(n) if n else None,
        "weight": float(n),
    }


@dataclass
class Driver:
    """Publishes a history's next release with the protector under test.

    `unmet` counts the demands that could not be met, for what was decided before.
    """

    history: History
    rules: Rules
    unmet: int = field(default=0)

    def publish(self, versions: Mapping[str, int], *, year: bool) -> Release:
        """Return what a release of these versions publishes; the quarters first, then the year."""
        last = self.history.releases[-1] if self.history.releases else None
        same = {q for q, v in versions.items() if last and last.versions.get(q) == v}
        shown = {
            group: frozenset(c for c in last.shown[group] if c[0] in same) if last else frozenset()
            for group in MEASURES
        }
        if last and last.year:
            return self._decide(versions, same, shown, year=True)
        revised = {q: v for q, v in versions.items() if q not in same}
        release = self._decide(revised, set(), shown, year=False)
        if year:
            return self._decide(versions, set(versions), release.shown, year=True)
        return Release(versions, False, release.shown)

    def _decide(
        self,
        versions: Mapping[str, int],
        decided: Collection[str],
        shown: Mapping[str, frozenset[Cell]],
        *,
        year: bool,
    ) -> Release:
        """Decide on these quarters, and on their year if it is out; some are decided already."""
        block = Block(self.history, versions, year)
        pattern = protect(
            pa.Table.from_pylist([*block.now, *block.earlier], schema=CELLS),
            block.hierarchies(),
            {STUDY: self.rules},
            decided=pa.Table.from_pylist(list(block.decided(decided, shown)), schema=STATUS),
            vintages=block.compared() if block.earlier else None,
        )
        self.unmet += pattern.report.unmet
        found = {group: set(cells) for group, cells in shown.items()}
        for row in pattern.table.to_pylist():
            if row["status"] == "published" and row["period"] in block.periods:
                found[row["disclosure_group"]].add(_place(row))
        return Release(versions, year, {group: frozenset(cells) for group, cells in found.items()})


@dataclass(frozen=True)
class Block:
    """Quarters that are decided together, and their year if it is out, with all their vintages.

    The newest version of a quarter bears its name, an older one its number too (`Q1#1`). A year
    that went out before bears the number of that release.
    """

    history: History
    versions: Mapping[str, int]
    year: bool

    @property
    def periods(self) -> list[str]:
        """Names of the periods as they are now."""
        return [*sorted(self.versions), *([self.history.shape.year] if self.year else [])]

    @cached_property
    def steps(self) -> list[tuple[int, Release]]:
        """Earlier releases in which the block was not as it is now, of its quarters only."""
        found: list[tuple[int, Release]] = []
        for number, release in enumerate(self.history.releases, start=1):
            there = {q: v for q, v in release.versions.items() if q in self.versions}
            if any(self.versions[q] != v for q, v in there.items()):
                found.append((number, Release(there, release.year, release.shown)))
        return found

    def label(self, period: str, number: int, release: Release) -> str:
        """Name a period as it was in a release."""
        if period == self.history.shape.year:
            return f"{period}#{number}"
        version = release.versions[period]
        return period if version == self.versions[period] else f"{period}#{version}"

    @cached_property
    def vintages(self) -> dict[str, tuple[str, Release]]:
        """Return period and release of every earlier vintage, by label and oldest first."""
        return {
            label: (period, release)
            for number, release in self.steps
            for period in (*release.versions, *([self.history.shape.year] if release.year else []))
            if (label := self.label(period, number, release)) not in self.versions
        }

    @cached_property
    def now(self) -> list[dict[str, Any]]:
        """Rows of the cells as they are."""
        return list(cell_rows(self.history, self.versions, self.periods))

    @cached_property
    def earlier(self) -> list[dict[str, Any]]:
        """Rows of the cells as they were."""
        return [
            row | {"period": label}
            for label, (period, release) in self.vintages.items()
            for row in cell_rows(self.history, release.versions, [period])
        ]

    def hierarchies(self) -> pa.Table:
        """Say how the cells add up, those of an earlier year from the quarters as they were."""
        shape = self.history.shape
        parts = [
            ("channel", ALL, shape.channels),
            ("product_code", ALL, shape.products),
            ("segment", ALL, shape.segments),
            ("period", shape.year, shape.quarters),
        ]
        for number, release in self.steps:
            if release.year:
                quarters = tuple(self.label(q, number, release) for q in release.versions)
                parts.append(("period", self.label(shape.year, number, release), quarters))
        rows = [
            dict(zip(HIERARCHIES.names, (STUDY, name, name, parent, child), strict=True))
            for name, parent, children in parts
            for child in children
        ]
        return pa.Table.from_pylist(rows, schema=HIERARCHIES)

    def decided(
        self, periods: Collection[str], shown: Mapping[str, frozenset[Cell]]
    ) -> Iterator[dict[str, Any]]:
        """List what stands: these periods, earlier vintages, and what the newest one hid."""
        newest = dict(self.vintages.values())
        for row in self.now:
            group, cell = row["disclosure_group"], _place(row)
            if cell[0] in periods:
                yield _fate(row, is_shown=cell in shown[group])
            elif cell[0] in newest and cell not in newest[cell[0]].shown[group]:
                yield _fate(row, is_shown=False)
        for row in self.earlier:
            period, release = self.vintages[row["period"]]
            cell = _place(row | {"period": period})
            yield _fate(row, is_shown=cell in release.shown[row["disclosure_group"]])

    def compared(self) -> Vintages:
        """Compare the block with its newest earlier vintage; a year that is new with all."""
        is_new = self.year and not any(release.year for _, release in self.steps)
        chosen = self.steps if is_new else self.steps[-1:]
        pairs, changed, moved = [], [], []
        for since, (number, old) in enumerate(chosen):
            revised = [q for q, v in old.versions.items() if self.versions[q] != v]
            years = [self.history.shape.year] if old.year else []
            pairs += [
                {"study": STUDY, "since": since, "after": q, "before": self.label(q, number, old)}
                for q in (*revised, *years)
            ]
            tables = [
                self.history.people({q: of[q] for q in revised})
                for of in (old.versions, self.versions)
            ]
            for measure in (BASE, GRADE):
                again = self.history.touched_before(measure, old.versions)
                who = touched(self.history.shape, *tables, measure, again)
                here = {"since": since, "measure": measure}
                changed += [_key(leaf) | here | {"people": n} for leaf, n in who.changed.items()]
                moved += [
                    _key(a) | _key(b, "to_") | here | {"people": n, "altered": altered}
                    for ends, altered in ((who.moved, False), (who.altered, True))
                    for (a, b), n in ends.items()
                ]
        return Vintages(
            pa.Table.from_pylist(pairs, schema=PAIRS),
            pa.Table.from_pylist(changed, schema=CHANGED),
            pa.Table.from_pylist(moved, schema=MOVED),
        )
