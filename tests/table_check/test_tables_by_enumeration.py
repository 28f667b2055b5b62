"""Small tables, in which every possibility can be tried: what is told is what is possible."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.table_check import check_tables

REGIONS, SERVICES = ("N", "S"), ("a", "b", "c")
MOST = 4
LEAVES = [*product(REGIONS, SERVICES)]
Cells = dict[tuple[str, str], int]


def with_totals(leaves: Cells) -> Cells:
    """Add the totals over regions, over services and over both."""
    cells = dict(leaves)
    for service in SERVICES:
        cells["all", service] = sum(leaves[region, service] for region in REGIONS)
    for region in (*REGIONS, "all"):
        cells[region, "all"] = sum(cells[region, service] for service in SERVICES)
    return cells


POSSIBLE = [
    with_totals(dict(zip(LEAVES, numbers, strict=True)))
    for numbers in product(range(MOST + 1), repeat=len(LEAVES))
]
tables = st.tuples(
    st.fixed_dictionaries({leaf: st.integers(0, MOST) for leaf in LEAVES}).map(with_totals),
    st.sets(st.sampled_from(sorted(POSSIBLE[0])), min_size=1),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables)
def test_intervals_of_n_are_just_what_is_possible(
    tmp_path: Path, table: tuple[Cells, set[tuple[str, str]]]
) -> None:
    """Leaves are 0 to 4, and a suppressed one says so: `0-4`; a suppressed total says nothing."""
    cells, hidden = table
    rows = ["region;service;n"]
    for (region, service), n in cells.items():
        mark = "0-4" if "all" not in (region, service) else "x"
        rows.append(f"{region};{service};{mark if (region, service) in hidden else n}")
    path = tmp_path / "tables.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = check_tables(path, min_n=3)

    fitting = [one for one in POSSIBLE if all(one[c] == cells[c] for c in cells.keys() - hidden)]
    names = {" ".join(v for v in cell if v != "all") or "all": cell for cell in cells}
    for told in report.suppressed:
        values = [one[names[told.name]] for one in fitting]
        assert told.n == (min(values), max(values)), (told, rows)
    exact = {one.name for one in report.findings if one.rule == "exact"}
    fixed = {told.name for told in report.suppressed if told.n[0] == told.n[1] != 0}
    assert exact == fixed
    for group in (*report.groups, *(one for one in report.findings if one.rule == "union")):
        members = [names[name] for name in group.name.split(" + ")]
        assert {sum(one[cell] for cell in members) for one in fitting} == {group.n}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=4), min_size=3, max_size=4),
    st.integers(1, 2),
    st.sampled_from(["1", ""]),
)
def test_no_possible_mean_lies_outside_its_interval(
    tmp_path: Path, services: list[list[int]], published: int, step: str
) -> None:
    """Answers are whole numbers from 1 to 5, and means are printed to one decimal."""
    everybody = [answer for one in services for answer in one]
    rows = ["service;n;mean;minimum;maximum;step"]
    rows.append(f"all;{len(everybody)};{printed(everybody)};1;5;{step}")
    for number, one in enumerate(services):
        shown = f"{len(one)};{printed(one)}" if number < published else "x;x"
        rows.append(f"s{number};{shown};1;5;{step}")
    path = tmp_path / "tables.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = check_tables(path)

    for told in report.suppressed:
        mine = services[int(told.name[1:])]
        assert told.mean is not None
        assert told.mean[0] - 1e-6 <= sum(mine) / len(mine) <= told.mean[1] + 1e-6, (told, rows)
    for group in (*report.groups, *(one for one in report.findings if one.n and one.mean)):
        hidden = [a for name in group.name.split(" + ") for a in services[int(name[1:])]]
        assert group.n == len(hidden)
        assert group.mean is not None
        assert group.mean[0] - 1e-6 <= sum(hidden) / len(hidden) <= group.mean[1] + 1e-6


def printed(answers: list[int]) -> str:
    return f"{sum(answers) / len(answers):.1f}"
