"""The oracle of revisions against brute force, and against patterns that are known to leak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, combinations, product
from random import Random

import numpy as np
import pytest
from histories import BASE, GRADE, Cell, History, Person, Release, Shape
from joint_algebra import NEAR, light_unions, spanned, within
from joint_oracle import Reader, findings
from joint_system import ADDED, FREE, Demands, Finding, Joint

CHANGE = {"change", "sum of changes"}
THREE = Shape(("Q1",), ("c1", "c2", "c3"))
TOTAL = ("Q1", "all", "all", "all")


def crowd(start: int, many: int, **told: object) -> list[Person]:
    one = Person(0, "Q1", "c1", "all", "all", 7, False)._replace(**told)  # type: ignore[arg-type]
    return [one._replace(who=start + i) for i in range(many)]


def channel(name: str, period: str = "Q1") -> Cell:
    return (period, name, "all", "all")


def released(versions: Mapping[str, int], shown: Iterable[Cell], year: bool = False) -> Release:
    return Release(versions, year, {BASE: frozenset(shown), GRADE: frozenset(shown)})


def vintages(tables: Iterable[list[Person]], shown: Iterable[Iterable[Cell]]) -> History:
    versions = {("Q1", i): tuple(table) for i, table in enumerate(tables, start=1)}
    releases = (released({"Q1": i}, cells) for i, cells in enumerate(shown, start=1))
    return History(THREE, versions, tuple(releases))


def kinds(history: History, group: str = BASE, min_n: int = 10) -> set[str]:
    return {found.kind for found in findings(history, group, Demands(min_n))}


def sums(history: History) -> list[Finding]:
    return list(Reader(history, BASE, Demands()).sums_of_differences())


def test_finds_two_late_people_by_subtracting_over_two_vintages() -> None:
    before = crowd(0, 24) + crowd(100, 10, channel="c2") + crowd(200, 60, channel="c3")
    now = before + crowd(300, 2)
    # 26 + 10 - (94 - 60) = 2
    history = vintages([before, now], [[TOTAL, channel("c3")], [channel("c1"), channel("c2")]])
    assert kinds(history) == CHANGE
    assert kinds(history, GRADE) == CHANGE


def test_finds_a_remark_that_was_withdrawn() -> None:
    before = crowd(0, 30, remark=True)
    now = [before[0]._replace(remark=False), *before[1:]]
    history = vintages([before, now], [[TOTAL], [TOTAL]])
    found = findings(history, BASE, Demands())
    assert {one.what.split(" in ")[0] for one in found} == {"1 of responses"}


def test_finds_one_pair_added_behind_an_importance() -> None:
    before = crowd(0, 29, second=8) + crowd(29, 11)
    now = [*before[:-1], before[-1]._replace(second=3)]
    history = vintages([before, now], [[TOTAL], [TOTAL]])
    assert kinds(history) == set()
    found = findings(history, GRADE, Demands())
    assert {one.what.split(" in ")[0] for one in found} == {"1 of pairs"}


def test_finds_two_exchanged_grades() -> None:
    before = crowd(0, 30) + crowd(100, 1, grade=4) + crowd(101, 1, grade=9)
    now = [*before[:30], before[30]._replace(grade=9), before[31]._replace(grade=4)]
    history = vintages([before, now], [[TOTAL], [TOTAL]])
    assert kinds(history) == set()
    assert kinds(history, GRADE) == CHANGE


def test_finds_one_person_who_is_left_of_ten_who_were_added() -> None:
    first = crowd(0, 30)
    second = first + crowd(100, 10)
    third = first[1:] + crowd(100, 1)
    history = vintages([first, second, third], [[TOTAL], [TOTAL], [TOTAL]])
    # each step touches ten, both together one who came and one who went
    assert [one.what.split(" in ")[0] for one in sums(history)] == ["2 of responses"]
    assert kinds(history) == CHANGE


def test_finds_two_late_people_behind_twenty_who_moved() -> None:
    before = crowd(0, 40) + crowd(100, 40, channel="c2")
    moved = [p._replace(channel="c2") for p in before[:20]]
    now = moved + before[20:] + crowd(200, 2)
    assert kinds(vintages([before, now], [[TOTAL], [TOTAL]])) == CHANGE
    only_moved = moved + before[20:]
    assert kinds(vintages([before, only_moved], [[TOTAL], [TOTAL]])) == set()


def test_a_row_that_is_gone_is_known_to_be_nobody() -> None:
    before = crowd(0, 20) + crowd(100, 20, channel="c2") + crowd(200, 12, channel="c3")
    now = before[:40] + crowd(300, 2)
    history = vintages([before, now], [[TOTAL, channel("c3")], [TOTAL]])
    assert kinds(history) == CHANGE  # 42 - (52 - 12) = 2
    assert findings(history, BASE, Demands(rows_stay=True)) == []


def test_new_rows_stand_for_one_person_each() -> None:
    shape = Shape(("Q1",), ("a1", "a2", "a3", "b", "c"))
    before = crowd(0, 20, channel="b") + crowd(100, 20, channel="c")
    now = before + [p for i in (1, 2, 3) for p in crowd(200 + i, 1, channel=f"a{i}")]
    history = History(
        shape,
        {("Q1", 1): tuple(before), ("Q1", 2): tuple(now)},
        (
            released({"Q1": 1}, [TOTAL, channel("b"), channel("c")]),
            released({"Q1": 2}, [TOTAL]),
        ),
    )
    found = findings(history, BASE, Demands(3))
    # 43 - 40 = 3 = 1 + 1 + 1 + nobody in b + nobody in c
    assert {(one.kind, one.belief) for one in found} == {("pinned", ADDED)}


def test_a_quarter_that_is_not_revised_is_still_known() -> None:
    shape = Shape(("Q1", "Q2"), ("c1", "c2"))
    first = crowd(0, 20) + crowd(100, 30, channel="c2")
    second = crowd(200, 15, quarter="Q2") + crowd(300, 30, quarter="Q2", channel="c2")
    tables = {("Q1", 1): tuple(first), ("Q1", 2): tuple(first[12:]), ("Q2", 1): tuple(second)}
    everything = list(shape.cells(["Q1", "Q2", "2020"]))
    history = History(
        shape,
        tables,
        (
            released({"Q1": 1, "Q2": 1}, everything, year=True),
            released({"Q1": 2, "Q2": 1}, [channel("c1", "2020")], year=True),
        ),
    )
    assert "union" in kinds(history)  # 23 - 15 = 8


def test_finds_few_people_between_a_removal_and_a_later_addition() -> None:
    shape = Shape(("Q1", "Q2"), ("c1", "c2"))
    first, second = crowd(0, 100), crowd(200, 100, quarter="Q2")
    late = crowd(400, 15, quarter="Q2")
    back = [p._replace(quarter="Q2") for p in first[:10]]
    tables = {
        ("Q1", 1): tuple(first),
        ("Q1", 2): tuple(first[10:] + crowd(300, 2)),
        ("Q2", 1): tuple(second),
        ("Q2", 2): tuple(second + late),
        ("Q2", 3): tuple(second + late + back),
    }
    totals = [TOTAL, ("Q2", "all", "all", "all")]
    steps = [{"Q1": 1, "Q2": 1}, {"Q1": 2, "Q2": 2}, {"Q1": 2, "Q2": 3}]
    history = History(shape, tables, tuple(released(step, totals) for step in steps))
    # (92 - 100) + (125 - 115) = 2, though each release changes 10 or more
    assert [one.what.split(" in ")[0] for one in sums(history)] == ["2 of responses"]
    assert "change" in kinds(history)  # the ten were touched before


def test_finds_few_people_between_an_addition_and_its_removal_elsewhere() -> None:
    shape = Shape(("Q1",), ("c1", "c2"), ("p1", "p2"))
    first = crowd(0, 20, product="p1") + crowd(100, 20, product="p2")
    first += crowd(200, 20, channel="c2", product="p1") + crowd(300, 20, channel="c2", product="p2")
    added = crowd(400, 10, product="p1")
    second = first + added + crowd(500, 2, product="p2")
    tables = {("Q1", 1): tuple(first), ("Q1", 2): tuple(second)}
    tables["Q1", 3] = tuple(p for p in second if p not in added)
    row, column = channel("c1"), ("Q1", "all", "p1", "all")
    shown = ([row, column], [row, column], [column])
    history = History(
        shape, tables, tuple(released({"Q1": i}, s) for i, s in enumerate(shown, start=1))
    )
    # c1 grew by 12, p1 shrank by 10 afterwards
    assert [one.what.split(" in ")[0] for one in sums(history)] == ["2 of responses"]
    assert "change" in kinds(history)


def test_finds_bounds_that_only_both_vintages_give_on_a_quarter_they_share() -> None:
    shape = Shape(("Q1", "Q2"), ("c1", "c2"), ("p1", "p2"))

    def quarter(start: int, name: str, *sizes: int) -> list[Person]:
        places = product(shape.channels, shape.products)
        return [
            person
            for i, ((c, p), many) in enumerate(zip(places, sizes, strict=True))
            for person in crowd(start + 100 * i, many, quarter=name, channel=c, product=p)
        ]

    tables = {
        ("Q1", 1): tuple(quarter(0, "Q1", 1, 20, 1, 20)),
        ("Q1", 2): tuple(quarter(0, "Q1", 1, 1, 20, 20)),
        ("Q2", 1): tuple(quarter(1000, "Q2", 2, 15, 15, 0)),
    }
    margins = [("c1", "all"), ("c2", "all"), ("all", "p1"), ("all", "p2"), ("all", "all")]
    shown = [("2020", c, p, "all") for c, p in margins] + [TOTAL, ("Q2", "all", "all", "all")]
    first, second = (released({"Q1": v, "Q2": 1}, shown, year=True) for v in (1, 2))
    # to raise the 2 of Q2, p2 must fall, and with it p1 of Q1 as it was, where both are 1;
    # or c2 must, and with it c1 of Q1 as it is, where both are 1
    for alone in (first, second):
        assert kinds(History(shape, tables, (alone,))) == set()
    found = findings(History(shape, tables, (first, second)), BASE, Demands())
    assert {(one.kind, one.belief) for one in found} == {("narrow", FREE)}
    assert found[0].what.startswith("2 in 1..2: ('Q2', 'c1', 'p1', 'all')")


@pytest.mark.parametrize("seed", range(40))
def test_finds_a_light_union_exactly_when_enumeration_does(seed: int) -> None:
    rng = Random(seed)  # noqa: S311
    names = list("abcdefg")
    weight = {c: rng.choice((0, 1, 1, 2, 5)) for c in names}
    rows = [
        {c: x for c in names if (x := rng.choice((0, 0, 0, 1, 1, -1)))}
        for _ in range(rng.randint(1, 5))
    ]
    rows = [row for row in rows if row]
    unions = chain.from_iterable(combinations(names, k) for k in range(1, len(names) + 1))
    wanted = [
        u
        for u in unions
        if 1 <= sum(weight[c] for c in u) < 4 and spanned(rows, dict.fromkeys(u, 1))
    ]
    light = {c for c in names if weight[c]}
    found = light_unions(rows, weight, 4, light, lambda u: any(weight[c] for c in u))
    assert (found is not None) == bool(wanted)
    assert found is None or tuple(sorted(found)) in {tuple(sorted(u)) for u in wanted}


def test_keeps_only_combinations_within_columns() -> None:
    rows = [{"a": 1, "x": 1}, {"b": 1, "x": 1}, {"c": 1}]
    kept = within(rows, "abc")
    assert len(kept) == 2
    assert spanned(kept, {"a": 1, "b": -1})
    assert not spanned(kept, {"a": 1})


def _random_pair(rng: Random) -> History:
    """Draw a 2 x 2 table in two vintages, and what is shown of them, promise or not."""
    shape = Shape(("Q1",), ("c1", "c2"), ("p1", "p2"))
    before: list[Person] = []
    for i, (c, p) in enumerate(product(shape.channels, shape.products)):
        before += crowd(100 * i, rng.randint(0, 3), channel=c, product=p)
    now = list(before)
    for i, (c, p) in enumerate(product(shape.channels, shape.products)):
        now += crowd(1000 + 100 * i, rng.choice((0, 0, 1, 2)), channel=c, product=p)
    if rng.random() < 0.3:
        now = now[1:]
    cells = sorted(shape.cells(["Q1"]))
    shown = [{TOTAL, *rng.sample(cells, rng.randint(0, 4))} for _ in range(2)]
    if rng.random() < 0.5:
        shown[1] &= shown[0]
    tables = {("Q1", 1): tuple(before), ("Q1", 2): tuple(now)}
    return History(shape, tables, tuple(released({"Q1": i + 1}, s) for i, s in enumerate(shown)))


def _tables(joint: Joint, version: int) -> np.ndarray:
    """Enumerate the whole tables of a version that agree with what is shown of it."""
    columns = sorted(c for c in joint.people if c[1] == version)
    most = sum(joint.people[c] for c in columns)
    ranges = [range(int(joint.least[c]), most + 1) for c in columns]
    grids = np.array(list(product(*ranges)), dtype=int)
    release = joint.history.releases[version - 1]
    for cell, vector in joint.rows(release):
        if cell in release.shown[BASE]:
            member = np.array([c in vector for c in columns])
            value = sum(joint.people[c] for c in vector)
            grids = grids[grids[:, member].sum(axis=1) == value]
    return grids


@pytest.mark.parametrize("rows_stay", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_bounds_and_elimination_agree_with_all_whole_tables(seed: int, rows_stay: bool) -> None:
    rng = Random(seed)  # noqa: S311
    history = _random_pair(rng)
    joint = Reader(history, BASE, Demands(3, rows_stay=rows_stay))
    if not all(any(c[1] == v for c in joint.people) for v in (1, 2)):
        return
    first, second = _tables(joint, 1), _tables(joint, 2)
    columns = [sorted(c for c in joint.people if c[1] == v) for v in (1, 2)]
    free = np.array([(*a, *b) for a in first for b in second])
    names = [*columns[0], *columns[1]]
    place = {c: i for i, c in enumerate(names)}
    keep = np.ones(len(free), dtype=bool)
    for a, b in joint._pairs():
        low = free[:, place[a]] if a else 0
        keep &= low <= (free[:, place[b]] if b else 0)
    bounds = joint.bounds(ADDED)
    if not bounds.feasible:
        assert not keep.any()
    for belief, tables in ((FREE, free), (ADDED, free[keep])):
        if not len(tables):
            continue
        bounds = joint.bounds(belief)
        for _, cell, vector in joint.hidden():
            values = tables[:, [place[c] for c in vector]].sum(axis=1)
            low, high = bounds.interval({("n", c): 1 for c in vector})
            assert low - NEAR <= values.min(), cell
            assert high + NEAR >= values.max(), cell
            if history.releases[1].shown[BASE] <= history.releases[0].shown[BASE]:
                # tables of two ways, one after the other: bounds are whole, so they are reached
                assert (values.min(), values.max()) == pytest.approx((low, high)), cell
            if spanned(joint.facts, vector):
                assert values.min() == values.max()
