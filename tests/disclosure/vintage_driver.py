"""Drives the protector through a history, release by release, as the pipeline does.

Belongs here: turning respondents into the tables that `protect` takes, and the order of its calls.
Does not belong here: judging what comes out (joint_oracle).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyarrow as pa
from histories import ALL, BASE, GRADE, HIGH, LOW, MEASURES, Cell, History, Person, Release, touched

from dagster_project.disclosure.protect import Earlier, Rules, protect

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
PUBLISHED = pa.schema([*LAYOUT, ("disclosure_group", pa.string()), ("vintage", pa.int32())])
STEP = [("measure", pa.string()), ("before", pa.int32()), ("after", pa.int32())]
CHANGED = pa.schema([*LAYOUT, *STEP, ("people", pa.int64())])
MOVED = pa.schema(
    [
        *LAYOUT,
        *((f"to_{name}", kind) for name, kind in LAYOUT[1:]),
        *STEP,
        ("people", pa.int64()),
        ("altered", pa.bool_()),
    ]
)
HIERARCHIES = pa.schema(
    [(name, pa.string()) for name in ("study", "dimension", "partition", "parent", "child")]
)


def hierarchies(history: History) -> pa.Table:
    shape = history.shape
    parts = (
        ("period", shape.year, shape.quarters),
        ("channel", ALL, shape.channels),
        ("product_code", ALL, shape.products),
        ("segment", ALL, shape.segments),
    )
    rows = [
        dict(zip(HIERARCHIES.names, (STUDY, name, name, parent, child), strict=True))
        for name, parent, children in parts
        for child in children
    ]
    return pa.Table.from_pylist(rows, schema=HIERARCHIES)


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


@dataclass(frozen=True)
class Driver:
    """Publishes a history's next release with the protector under test."""

    history: History
    rules: Rules

    def publish(self, versions: Mapping[str, int], *, year: bool) -> Release:
        """Return what a release of these versions publishes; the quarters first, then the year."""
        last = self.history.releases[-1] if self.history.releases else None
        before = last.versions if last else {}
        same = {q for q, v in versions.items() if before.get(q) == v}
        shown = {
            group: frozenset(c for c in last.shown[group] if c[0] in same) if last else frozenset()
            for group in MEASURES
        }
        if last and last.year:
            return self._decide(versions, {*versions, self.history.shape.year}, same, shown)
        release = self._decide(versions, versions.keys() - same, set(), shown)
        if year:
            every = {*versions, self.history.shape.year}
            release = self._decide(versions, every, set(versions), release.shown)
        return release

    def _decide(
        self,
        versions: Mapping[str, int],
        periods: Collection[str],
        decided: Collection[str],
        shown: Mapping[str, frozenset[Cell]],
    ) -> Release:
        rows = list(cell_rows(self.history, versions, sorted(periods)))
        pattern = protect(
            pa.Table.from_pylist(rows, schema=CELLS),
            hierarchies(self.history),
            {STUDY: self.rules},
            decided=self._decided(rows, decided, shown),
            earlier=self.earlier(versions, periods),
        )
        found = {group: set(cells) for group, cells in shown.items()}
        for row in pattern.table.to_pylist():
            if row["status"] == "published":
                found[row["disclosure_group"]].add(tuple(row[name] for name in NAMES))
        year = self.history.shape.year in periods
        return Release(versions, year, {group: frozenset(cells) for group, cells in found.items()})

    def _decided(
        self,
        rows: Iterable[Mapping[str, Any]],
        decided: Collection[str],
        shown: Mapping[str, frozenset[Cell]],
    ) -> pa.Table | None:
        names = {
            (tuple(row[name] for name in NAMES), row["disclosure_group"])
            for row in rows
            if row["period"] in decided
        }
        found = [
            _key(cell)
            | {
                "disclosure_group": group,
                "status": "published" if cell in shown[group] else "suppressed",
            }
            for cell, group in sorted(names)
        ]
        return pa.Table.from_pylist(found, schema=STATUS) if found else None

    def earlier(self, versions: Mapping[str, int], periods: Collection[str]) -> Earlier | None:
        """Return the earlier vintages of what is published now, None if nothing is revised."""
        quarters = [q for q in versions if q in periods]
        vintages = self._vintages(versions, quarters)
        if not vintages:
            return None
        cells, published = [], []
        for number, (table, shown, year) in enumerate(vintages, start=1):
            there = [*table, *([self.history.shape.year] if year else [])]
            rows = cell_rows(self.history, table, [p for p in there if p in periods])
            cells += [row | {"vintage": number} for row in rows]
            published += [
                _key(cell) | {"disclosure_group": group, "vintage": number}
                for group in MEASURES
                for cell in sorted(shown[group])
                if cell[0] in there and cell[0] in periods
            ]
        changed, moved = self._touched([v[0] for v in vintages], versions, quarters)
        return Earlier(
            cells=pa.Table.from_pylist(
                cells, schema=pa.schema([*CELLS, pa.field("vintage", pa.int32())])
            ),
            published=pa.Table.from_pylist(published, schema=PUBLISHED),
            changed=pa.Table.from_pylist(changed, schema=CHANGED),
            moved=pa.Table.from_pylist(moved, schema=MOVED),
        )

    def _vintages(
        self, versions: Mapping[str, int], quarters: Collection[str]
    ) -> list[tuple[dict[str, int], Mapping[str, frozenset[Cell]], bool]]:
        """List tables of these quarters that differ from the present one, oldest first."""
        found: list[tuple[dict[str, int], Mapping[str, frozenset[Cell]], bool]] = []
        for release in self.history.releases:
            table = {q: v for q, v in release.versions.items() if q in quarters}
            if any(versions[q] != v for q, v in table.items()):
                if found and found[-1][0].items() <= table.items():
                    found.pop()  # a quarter more came out, and nothing was revised
                found.append((table, release.shown, release.year))
        return found

    def _touched(
        self,
        vintages: list[dict[str, int]],
        versions: Mapping[str, int],
        quarters: Collection[str],
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        tables = [*vintages, {q: versions[q] for q in quarters}]
        changed, moved = [], []
        for (i, old), (j, new) in combinations(enumerate(tables, start=1), 2):
            step = {"before": i, "after": j if j < len(tables) else 0}
            both = [q for q in quarters if q in old and q in new and old[q] != new[q]]
            people: list[list[Person]] = [
                self.history.people({q: table[q] for q in both}) for table in (old, new)
            ]
            for measure in sorted({m for many in MEASURES.values() for m in many} - {"pairs"}):
                again = self.history.touched_before(measure, old)
                who = touched(self.history.shape, *people, measure, again)
                here = step | {"measure": measure}
                changed += [_key(leaf) | here | {"people": n} for leaf, n in who.changed.items()]
                for pairs, altered in ((who.moved, False), (who.altered, True)):
                    moved += [
                        _key(a) | _key(b, "to_") | here | {"people": n, "altered": altered}
                        for (a, b), n in pairs.items()
                    ]
        return changed, moved
