"""How much more is hidden than the cheapest pattern hides: `python benchmarks/loss.py --help`.

Belongs here: the list of tables, the store of optima, comparing. Does not belong here: tables
(instances), the cheapest pattern (optimum).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
from instances import Instance, public, random_table, table_119, table_450, table_551
from optimum import Limits, cheapest
from problem import Problem

from dagster_project.disclosure.attack import Layout as Names
from dagster_project.disclosure.attack import attack
from dagster_project.disclosure.judge import Limits as Promises
from dagster_project.disclosure.judge import judge, targets_of
from dagster_project.disclosure.protect import Layout, Rules, protect

STORE = Path(__file__).with_name("optima.json")
MIN_N = 10

COUNTIES = (1, 4, 10, 16, 17, 18)
TABLES: dict[str, Callable[[], Instance]] = {
    **{name: partial(public, name) for name in ("z1", "z2", "z3", "datatest1")},
    "sosialFiktiv county x group": partial(public, "sosialFiktiv county x group"),
    **{
        f"sosialFiktiv county {number}": partial(public, f"sosialFiktiv county {number}")
        for number in COUNTIES
    },
    **{f"119 cells, {seed}": partial(table_119, seed) for seed in range(10)},
    **{f"450 cells, {seed}": partial(table_450, seed) for seed in range(2)},
    **{f"551 cells, {seed}": partial(table_551, seed) for seed in range(2)},
    **{f"random {seed}": partial(random_table, seed) for seed in range(16)},
}
"""Every table by name; they are made when they are needed."""


TOLERATED = 0.05
"""How much more than the optimum may be hidden."""


@dataclass(frozen=True)
class Best:
    """What is known of the cheapest patterns of a table, besides the primaries.

    `people` is the least number of respondents that must be hidden, and `cells` the least number of
    cells, whatever the other is. `balanced` is the least number of cells in a pattern that hides at
    most 5 % more respondents than `people`: where it is more than 5 % above `cells`, no pattern is
    within 5 % of both. All are bounds from below unless `proven`. `seconds` of processor.
    """

    people: float
    cells: float
    balanced: float
    proven: bool
    seconds: float


def problem_of(table: Instance, *, unions: bool) -> Problem:
    """Return what is promised of a table."""
    return Problem(table.n, tuple(table.equations()), min_n=MIN_N, unions=unions)


def fingerprint(table: Instance, *, unions: bool) -> str:
    """Name a problem by everything that its optimum depends on."""
    asked = (table.n.tolist(), list(table.equations()), MIN_N, unions)
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def stored() -> dict[str, Best]:
    """Return the optima known by fingerprint."""
    if not STORE.exists():
        return {}
    return {key: Best(**value) for key, value in json.loads(STORE.read_text("utf-8")).items()}


def best(table: Instance, *, unions: bool, seconds: float) -> Best:
    """Find the least that must be hidden, each number within these seconds of processor."""
    problem, limits = problem_of(table, unions=unions), Limits(seconds)
    each, people = np.ones(len(table.n)), table.n.astype(float)
    first = cheapest(problem, people, limits)
    second = cheapest(problem, each, limits)
    most = first.bound * (1 + TOLERATED)
    third = cheapest(problem, each, limits, within=(people, most))
    found = (first, second, third)
    return Best(
        *(float(np.ceil(round(one.bound, 3))) for one in found),
        proven=all(one.proven for one in found),
        seconds=round(sum(one.seconds for one in found), 1),
    )


@dataclass(frozen=True)
class Loss:
    """What the protector hides of a table, beside the optimum; `attacked` counts violations."""

    table: str
    unions: bool
    cells: int
    primaries: int
    secondaries: int
    people: int
    best: Best | None
    seconds: float
    attacked: int | None


def measure(table: Instance, *, unions: bool, attacked: bool) -> Loss:
    """Protect a table, and attack what would be published of it."""
    layout = Layout(dimensions=table.dimensions)
    cells, tree = table.cells(), table.hierarchies()
    begun = time.process_time()
    pattern = protect(cells, tree, {"table": Rules(min_n=MIN_N, unions=unions)}, layout=layout)
    seconds = time.process_time() - begun
    rows = pattern.table.to_pylist()
    hidden = {tuple(row[d] for d in table.dimensions): row["role"] for row in rows}
    secondary = np.array([hidden[place] == "secondary" for place in table.places])
    return Loss(
        table=table.name,
        unions=unions,
        cells=len(table.n),
        primaries=int((table.n < MIN_N).sum()),
        secondaries=int(secondary.sum()),
        people=int(table.n[secondary].sum()),
        best=stored().get(fingerprint(table, unions=unions)),
        seconds=round(seconds, 1),
        attacked=violations(table, secondary, unions=unions) if attacked else None,
    )


SCALES = pa.schema(
    [
        *((name, pa.string()) for name in ("study", "metric", "kind")),
        *((name, pa.float64()) for name in ("low", "high")),
    ]
)


def violations(table: Instance, secondary: np.ndarray, *, unions: bool) -> int:
    """Attack what is published when secondaries, shape (cells,), and primaries are hidden."""
    layout = Names(dimensions=(*table.dimensions, "time"), asked_by=(), time="time")
    hidden = secondary | (table.n < MIN_N)
    cells = table.cells().append_column("time", pa.array(["now"] * len(table.n)))
    shown = pa.array([None if h else float(n) for h, n in zip(hidden, table.n, strict=True)])
    figures = cells.select([*layout.cell, "measure"])
    for name, column in (
        ("answer", pa.nulls(len(hidden), pa.string())),
        ("vintage", pa.array(np.zeros(len(hidden), dtype=np.int32))),
        ("hidden", pa.array(hidden)),
        ("n", shown),
        ("weight", shown),
        *((name, pa.nulls(len(hidden), pa.float64())) for name in PARTS),
    ):
        figures = figures.append_column(name, column)
    tree, scales = table.hierarchies(), SCALES.empty_table()
    asked = {"table": Promises(min_n=MIN_N, unions=unions)}
    found = attack(
        figures,
        tree,
        scales,
        layout=layout,
        min_n=MIN_N if unions else 1,
        targets=targets_of(cells, asked, layout=layout),
        explain=False,
    )
    told = judge(
        found, figures, cells, hierarchies=tree, scales=scales, limits=asked, layout=layout
    )
    return len(told)


PARTS = ("top", "bottom", "plus", "zero", "minus")


def row_of(loss: Loss) -> str:
    """Write a row of the table in README.md."""
    known = loss.best
    sign = "" if known is None or known.proven else "at least "
    optimum = ["?", "?"]
    if known is not None:
        cells = f"{known.cells:.0f}"
        if known.balanced > known.cells:
            cells += f" ({known.balanced:.0f})"
        optimum = [sign + cells, f"{sign}{known.people:.0f}"]
    figures = (
        loss.table,
        "on" if loss.unions else "off",
        f"{loss.cells:,}",
        f"{loss.primaries:,}",
        f"{loss.secondaries:,}",
        optimum[0],
        f"{loss.people:,}",
        optimum[1],
        f"{loss.seconds:.1f}",
        "-" if loss.attacked is None else str(loss.attacked),
    )
    return "| " + " | ".join(figures) + " |"


HEAD = (
    "| table | unions | cells | primaries | secondaries | optimum | respondents lost | optimum "
    "| seconds | attacked |\n|---|---|---|---|---|---|---|---|---|---|"
)


@click.group()
def main() -> None:
    """Compare what is hidden with the least that must be."""


@main.command()
@click.option("--table", "names", multiple=True, help="Tables by name; all without any.")
@click.option("--seconds", default=600.0, help="Most seconds of processor for one program.")
def optima(names: tuple[str, ...], seconds: float) -> None:
    """Find the optima that are not known yet, and store them."""
    for name in names or tuple(TABLES):
        table = TABLES[name]()
        for unions in (False, True):
            key = fingerprint(table, unions=unions)
            known = stored().get(key)
            if known is None or not known.proven:
                known = best(table, unions=unions, seconds=seconds)
                everything = {k: asdict(v) for k, v in (stored() | {key: known}).items()}
                text = json.dumps(everything, indent=1, sort_keys=True)
                STORE.write_text(text + "\n", "utf-8")
            click.echo(f"{name}, unions {unions}: {known}")


@main.command(name="measure")
@click.option("--table", "names", multiple=True, help="Tables by name; all without any.")
@click.option("--attack/--no-attack", "attacked", default=True, help="Attack the result.")
def measure_command(names: tuple[str, ...], *, attacked: bool) -> None:
    """Protect the tables and print what that hides beside the optimum, as far as it is known."""
    click.echo(HEAD)
    for name in names or tuple(TABLES):
        table = TABLES[name]()
        for unions in (False, True):
            click.echo(row_of(measure(table, unions=unions, attacked=attacked)))


if __name__ == "__main__":
    main()
