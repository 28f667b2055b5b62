"""What earlier releases add: their cells, and the changes since, as cells beside those of now.

Belongs here: the measures of earlier versions and of changes, so that the same algebra serves them.
Does not belong here: which cells there are then (places), where the ledger lies, the decisions.

New minus old is a cell too: it holds the respondents who were added, removed or changed in between.
So a block with a history holds, beside the cells of now, those of every earlier version in which
something was stated, and for each of these the change since; a cell with equal figures in two
versions is one cell, whoever is behind them. Changes add up as cells do; a cell of now is one
of an earlier version plus the change. Everything ever released is public. A change of few people is
then protected like any small cell: exactly by elimination and, where people were only added, so
that changes are tables of figures that are never negative, in bounds as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from dagster_project.disclosure.block import (
    TOLERANCE,
    Block,
    Equation,
    Flags,
    Floats,
    History,
    Ints,
    Measure,
)
from dagster_project.disclosure.places import Places
from dagster_project.disclosure.rules import CELL
from dagster_project.disclosure.tree import Breakdowns, upwards

FIGURES = ("n", "weight", "total", "squares")
Key = tuple[str, str, str | None]
Names = tuple[tuple[str, ...], ...]


@dataclass
class _Version:
    """One version of a measure over all cells that any version knows.

    `here` where it was asked; `unknown` where it was not and may have had somebody all the same: by
    a breakdown of people that this version did not have.
    """

    here: Flags
    unknown: Flags
    figures: dict[str, Floats | Ints]

    def rows(self) -> list[Floats | Ints | Flags]:
        """All that tells a cell from itself in another version; nobody is not the unknown."""
        return [self.unknown, *self.figures.values()]


@dataclass
class _Changes:
    """The changes of a measure, one entry each.

    `stirred` counts who was touched where no figure tells; `extra` is by how much n differs.
    """

    here: Flags
    figures: dict[str, Floats | Ints]
    stirred: Ints
    extra: Ints


def with_history(
    block: Block,
    released: pl.DataFrame,
    touched: pl.DataFrame,
    measure_of: Callable[[str, str, object, pl.DataFrame], Measure],
    equations_of: Callable[[Names], Iterable[Equation]],
) -> Block:
    """Add to a block what was released of it.

    Args:
        block: the cells of now.
        released: rows of a ledger's `cells` that belong to the block; not empty.
        touched: rows of a ledger's `touched` that belong to the block.
        measure_of: makes a measure of its group, name, answer and rows with a column `cell`.
        equations_of: gives the equations among cells.

    """
    return _Expansion(block, released, touched, measure_of, equations_of).block()


class _Expansion:
    def __init__(
        self,
        block: Block,
        released: pl.DataFrame,
        touched: pl.DataFrame,
        measure_of: Callable[[str, str, object, pl.DataFrame], Measure],
        equations_of: Callable[[Names], Iterable[Equation]],
    ) -> None:
        self._now = block
        known = set(block.names)
        gone = released.select(CELL).unique().sort(CELL).iter_rows()
        self._names: Names = (*block.names, *(name for name in gone if name not in known))
        self._tree = tuple(equations_of(self._names))
        self._order = upwards(self._tree)
        self._broken_down = Breakdowns(self._tree)
        places = pl.DataFrame(self._names, schema=list(CELL), orient="row").with_row_index("cell")
        places = places.with_columns(pl.col("cell").cast(pl.Int64))
        self._released = released.join(places, on=list(CELL), how="left")
        self._touched = touched.join(places, on=list(CELL), how="inner")
        self._versions = sorted(int(v) for v in released["version"].unique())
        self._measures = self._read(measure_of)
        self._filled = {
            key: {v: self._fill(versions.get(v), versions) for v in (0, *self._versions)}
            for key, versions in self._measures.items()
        }
        self._places = self._lay_out()
        first = len(self._places.owner)
        self._spans = [
            (versions, np.array([*found], dtype=np.int64), np.array([*found.values()]) - first)
            for versions, found in self._places.changed.items()
            if found
        ]
        self._touched_of: dict[tuple[int, str, str], list[tuple[int, int]]] = {}
        for version, group, name, cell, count in self._touched.select(
            "version", "disclosure_group", "measure", "cell", "touched"
        ).iter_rows():
            self._touched_of.setdefault((version, group, name), []).append((cell, count))

    def _read(
        self, measure_of: Callable[[str, str, object, pl.DataFrame], Measure]
    ) -> dict[Key, dict[int, Measure]]:
        """Measures by version; version 0 is now."""
        found: dict[Key, dict[int, Measure]] = {}
        everything = [self._now.base, *(m for group in self._now.measures.values() for m in group)]
        for measure in everything:
            found[measure.group, measure.name, measure.answer] = {0: measure}
        by = ("version", "disclosure_group", "measure", "answer")
        for (version, group, name, answer), rows in self._released.partition_by(
            *by, maintain_order=True, as_dict=True
        ).items():
            measure = measure_of(str(group), str(name), answer, rows)
            key = (measure.group, measure.name, measure.answer)
            found.setdefault(key, {})[int(version)] = measure
        return found

    def _lay_out(self) -> Places:
        figures = {
            v: np.array([row for f in self._filled.values() for row in f[v].rows()])
            for v in (0, *self._versions)
        }
        return Places.of(figures, self._order)

    def _fill(self, measure: Measure | None, versions: Mapping[int, Measure]) -> _Version:
        """Lay a measure out over all cells; a total listed later is the sum of its parts before."""
        size = len(self._names)
        listed = np.zeros(size, dtype=bool)
        for version in versions.values():
            listed[version.cells] = True
        here = np.zeros(size, dtype=bool)
        figures: dict[str, Floats | Ints] = {
            name: np.zeros(size, dtype=np.int64 if name == "n" else float) for name in FIGURES
        }
        if measure is not None:
            here[measure.cells] = True
            for name in FIGURES:
                figures[name][measure.cells] = getattr(measure, name)
            for equation in self._order:
                if here[equation.parent] or not listed[equation.parent]:
                    continue
                parts = [child for child in equation.children if here[child]]
                if parts:
                    here[equation.parent] = True
                    for name in FIGURES:
                        figures[name][equation.parent] = figures[name][parts].sum()
        return _Version(here, self._broken_down.unknown(here, figures["n"]), figures)

    def block(self) -> Block:
        """Put it all together."""
        base_key = next(key for key in self._measures if key[0] == self._now.base.group)
        base = self._expand(base_key, may_grow=True)
        # where respondents left, their answers may have left too
        measures = {
            key: base if key == base_key else self._expand(key, may_grow=base.grows)
            for key in self._measures
        }
        groups: dict[str, list[Measure]] = {}
        for (group, *_), measure in measures.items():
            if group != base.group:
                groups.setdefault(group, []).append(measure)
        names = [self._names[cell] for *_, cell in (*self._places.owner, *self._places.changes)]
        change = np.arange(len(names)) >= len(self._places.owner)
        last, since = self._last_statements()
        return Block(
            study=self._now.study,
            names=tuple(names),
            equations=self._places.equations(self._tree),
            base=base,
            measures={group: tuple(groups[group]) for group in sorted(groups)},
            history=History(
                len(self._names), change, self._stated(len(names)), last, since, self._listed()
            ),
        )

    def _expand(self, key: Key, *, may_grow: bool) -> Measure:
        """One measure over the places of all versions, and over the changes."""
        filled = self._filled[key]
        some = next(iter(self._measures[key].values()))
        versions = np.array([version for version, _ in self._places.owner])
        cells = np.array([cell for _, cell in self._places.owner])
        here = np.zeros(len(cells), dtype=bool)
        figures = {name: np.zeros(len(cells), filled[0].figures[name].dtype) for name in FIGURES}
        effective = np.full(len(cells), np.inf)
        for version, laid_out in filled.items():
            mine = versions == version
            here[mine] = laid_out.here[cells[mine]]
            for name in FIGURES:
                figures[name][mine] = laid_out.figures[name][cells[mine]]
            measure = self._measures[key].get(version)
            if measure is not None:
                everywhere = np.full(len(self._names), np.inf)
                everywhere[measure.cells] = measure.effective
                effective[mine] = everywhere[cells[mine]]
        moved = self._moved(key)
        grows = may_grow and self._grows(key, moved)
        if not grows:  # who was touched is told from each version to now only
            moved.here &= np.array([after == 0 for _, after, _ in self._places.changes], dtype=bool)
        asked = np.concatenate([here, moved.here])
        joined = {
            name: np.concatenate([figures[name], moved.figures[name]])[asked] for name in FIGURES
        }
        return replace(
            some,
            cells=np.flatnonzero(asked),
            effective=np.concatenate([effective, np.full(len(moved.here), np.inf)])[asked],
            stirred=np.concatenate([np.zeros(len(here), dtype=np.int64), moved.stirred])[asked],
            grows=grows,
            **joined,
        )

    def _moved(self, key: Key) -> _Changes:
        """Find the changes of a measure: respondents touched, and by how much its sums differ."""
        filled = self._filled[key]
        count = len(self._places.changes)
        here, stirred = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
        figures: dict[str, Floats | Ints] = {
            f: np.zeros(count, dtype=np.int64 if f == "n" else float) for f in FIGURES
        }
        extra = np.zeros(count, dtype=np.int64)
        for (before, after), cells, numbers in self._spans:
            then, now = filled[before], filled[after]
            unknown = then.unknown | now.unknown
            here[numbers] = ((then.here | now.here) & ~unknown)[cells]
            visible = np.zeros(len(cells), dtype=bool)
            for f in FIGURES:
                differs = (now.figures[f] - then.figures[f])[cells]
                figures[f][numbers] = differs
                visible |= differs != 0
            extra[numbers] = figures["n"][numbers]
            if not after:
                touched = self._touched_since(before, key)[cells]
                figures["n"][numbers] = np.where(visible, touched, 0)
                stirred[numbers] = np.where(visible, 0, touched)
        return _Changes(here, figures, stirred, extra)

    def _touched_since(self, version: int, key: Key) -> Ints:
        """Respondents of a measure who differ between a version and now, shape (cells,)."""
        counts = np.zeros(len(self._names), dtype=np.int64)
        for cell, touched in self._touched_of.get((version, *key[:2]), ()):
            counts[cell] = touched
        return counts

    def _grows(self, key: Key, moved: _Changes) -> bool:
        """Whether nobody left or changed: all touched are extra, and no sum went down."""
        some = next(iter(self._measures[key].values()))
        weight, total = moved.figures["weight"], moved.figures["total"]
        floor, ceiling = total - some.low * weight, some.high * weight - total
        return bool(
            ((moved.extra == moved.figures["n"]) & (moved.extra >= 0)).all()
            and (
                some.kind == "count" or (floor >= -TOLERANCE).all() & (ceiling >= -TOLERANCE).all()
            )
        )

    def _stated(self, size: int) -> dict[str, Flags]:
        stated = {}
        published = self._released.filter("published")
        for (group,), rows in published.partition_by("disclosure_group", as_dict=True).items():
            flags = np.zeros(size, dtype=bool)
            for version, cell in rows.select("version", "cell").unique().iter_rows():
                flags[self._places.at[version][cell]] = True
            stated[str(group)] = flags
        return stated

    def _listed(self) -> dict[str, Flags]:
        listed: dict[str, Flags] = {}
        for (group, *_), versions in self._measures.items():
            if 0 in versions:
                flags = listed.setdefault(group, np.zeros(len(self._names), dtype=bool))
                flags[versions[0].cells] = True
        return listed

    def _last_statements(self) -> tuple[dict[str, Ints], dict[str, Ints]]:
        """Per group: the latest version that stated each cell, and the fewest touched since.

        That nobody was there is no statement to stay with: rows appear as soon as somebody is.
        """
        size = len(self._names)
        last: dict[str, Ints] = {}
        since: dict[str, Ints] = {}
        nobody = (pl.col("disclosure_group") == self._now.base.group) & (pl.col("n") == 0)
        published = self._released.filter(pl.col("published") & ~nobody)
        latest = published.group_by("disclosure_group", "cell").agg(pl.col("version").max())
        fewest = (
            latest.join(self._touched, on=["disclosure_group", "cell", "version"], how="left")
            .group_by("disclosure_group", "cell", "version")
            .agg(pl.col("touched").min())
        )
        for group, cell, version, touched in fewest.iter_rows():
            last.setdefault(group, np.zeros(size, dtype=np.int64))[cell] = version
            since.setdefault(group, np.zeros(size, dtype=np.int64))[cell] = touched or 0
        return last, since
