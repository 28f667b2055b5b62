"""What a revised block may publish, beside everything that was ever published of it.

Belongs here: laying earlier vintages out as the protector takes them. Does not belong here: which
vintages there are (history), the decision (disclosure.protect).

An earlier vintage of a period is a value of its own on the dimension of time, called `2020Q4#1` for
the first. What was published of it is decided, and what was hidden in it stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.protect import Layout, Vintages
from dagster_project.release.history import NOW, History
from dagster_project.release.vintages import KEY

CELL = list(Layout().cell)
FATE = [*CELL, "disclosure_group", "status"]
PUBLISHED, SUPPRESSED = "published", "suppressed"


def labels_of(history: History) -> pl.DataFrame:
    """Call every vintage of a period by a name of its own; the newest bears the period's.

    Returns:
        KEY, `step`, `label`.

    """
    places = history.places.with_columns(
        order=pl.when(pl.col("step") == NOW).then(2**30).otherwise("step")
    ).sort(*KEY, "order")
    kept = places.with_columns(vintage=pl.col("vintage").fill_null("now"))
    last = pl.col("vintage").last().over(KEY)
    rank = pl.col("vintage").rle_id().over(KEY) + 1
    named = pl.format("{}#{}", "period", rank)
    return kept.select(
        *KEY,
        "step",
        label=pl.when(pl.col("vintage") == last).then("period").otherwise(named),
    )


def laid_out(
    history: History, cells: pl.DataFrame, hierarchies: pa.Table, decided: pl.DataFrame
) -> tuple[pl.DataFrame, pa.Table, pl.DataFrame, Vintages]:
    """Lay a block out with all its vintages.

    Args:
        history: of one block.
        cells: its true cells now.
        hierarchies: how cells add up.
        decided: cells of it whose fate stands.

    Returns:
        Cells, hierarchies, decided and comparisons for the protector.

    """
    labels = labels_of(history)
    old = labels.filter(pl.col("label") != pl.col("period"))
    renamed = _renamed(history.cells.rename({"vintage": "step"}), old)
    earlier = renamed.unique([*CELL, "disclosure_group", "measure", "answer"])
    told = _renamed(history.published.rename({"vintage": "step"}), old).unique()
    fate = (
        earlier.select(*CELL, "disclosure_group")
        .unique()
        .join(told.with_columns(status=pl.lit(PUBLISHED)), on=FATE[:-1], how="left")
        .with_columns(pl.col("status").fill_null(SUPPRESSED))
    )
    known = pl.concat(
        [decided.select(FATE), fate.select(FATE), _withdrawn(history, cells, decided)]
    )
    every = pl.concat([cells, earlier.select(cells.columns)], how="vertical_relaxed")
    tree = pa.concat_tables([hierarchies, _years(labels, hierarchies)])
    return every, tree, known, _compared(history, labels)


def _renamed(rows: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.join(labels, on=[*KEY, "step"])
        .with_columns(period=pl.col("label"))
        .drop("label", "step")
    )


def _withdrawn(history: History, cells: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Keep hidden now what the newest earlier vintage hid, in periods that it had told of."""
    before = history.published.filter(
        pl.col("vintage") == pl.col("vintage").max().over(KEY)
    ).select(FATE[:-1])
    out = before.select(KEY).unique()
    return (
        cells.select(FATE[:-1])
        .unique()
        .join(out, on=KEY, how="semi")
        .join(before, on=FATE[:-1], how="anti")
        .join(decided.select(FATE[:-1]), on=FATE[:-1], how="anti")
        .with_columns(status=pl.lit(SUPPRESSED))
        .select(FATE)
    )


def _years(labels: pl.DataFrame, hierarchies: pa.Table) -> pa.Table:
    """Add up the vintages of a year from those of its quarters."""
    tree = pl.DataFrame(hierarchies)
    by_time = tree.filter(pl.col("dimension") == "period")
    named = labels.select("study", "period", "step", "label").unique()
    rows = (
        by_time.join(
            named.rename({"period": "parent", "label": "new_parent"}), on=["study", "parent"]
        )
        .join(
            named.rename({"period": "child", "label": "new_child"}), on=["study", "child", "step"]
        )
        .filter(pl.col("new_parent") != pl.col("parent"))
        .with_columns(parent=pl.col("new_parent"), child=pl.col("new_child"))
        .select(tree.columns)
        .unique()
    )
    return rows.to_arrow().cast(hierarchies.schema)


def _compared(history: History, labels: pl.DataFrame) -> Vintages:
    """Pair the steps, and name their cells as they are called in the later one."""
    steps = sorted(set(labels["step"]) - {NOW})
    pairs = [(since, before, after) for since, (before, after) in enumerate(_pairs([*steps, NOW]))]
    numbered = pl.DataFrame(
        pairs, schema={"since": pl.Int64, "before": pl.Int64, "after": pl.Int64}, orient="row"
    )
    at = labels.select(*KEY, pl.col("step").cast(pl.Int64), "label")
    told = (
        numbered.join(at.rename({"step": "after", "label": "now"}), on="after")
        .join(at.rename({"step": "before", "label": "then"}), on=[*KEY, "before"])
        .filter(pl.col("now") != pl.col("then"))
        .select("study", "since", after="now", before="then")
        .unique()
    )
    later = numbered.join(at.rename({"step": "after", "label": "now"}), on="after")
    changed, moved = (
        frame.with_columns(pl.col("before", "after").cast(pl.Int64))
        .join(later, on=["before", "after", *KEY])
        .with_columns(period=pl.col("now"))
        for frame in (history.changed, history.moved)
    )
    ends = later.select("since", to_period="period", to_now="now").unique()
    moved = moved.join(ends, on=["since", "to_period"], how="left").with_columns(
        to_period=pl.coalesce("to_now", "to_period")
    )
    return Vintages(told.to_arrow(), changed.to_arrow(), moved.to_arrow())


def _pairs(steps: list[int]) -> Iterator[tuple[int, int]]:
    for place, before in enumerate(steps):
        for after in steps[place + 1 :]:
            yield before, after
