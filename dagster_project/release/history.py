"""Earlier vintages of the blocks that were, or are being, revised: what a reader may hold as well.

Belongs here: which vintages a block has, their true cells, what was published of them, who changed
between them. Does not belong here: what follows from it (disclosure).

A *block* is a year of an organisation with its quarters, where the year is published, else one
quarter or wave. Its vintages are numbered from 1, the oldest; 0 is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from dagster_project.common.settings import Settings
from dagster_project.disclosure.protect import Layout
from dagster_project.release.vintages import KEY, Index, kept, verify
from dagster_project.warehouse import read_warehouse

CONTRIBUTIONS = "int_contributions"
CELL = list(Layout().cell)
DIMENSIONS = list(Layout().dimensions)
NOW = 0
SUMS = ("n", "n_effective", "weight", "total", "total_squared")
PLACED = {
    **dict.fromkeys(KEY, pl.String),
    "block": pl.Int64,
    "step": pl.Int32,
    "vintage": pl.String,
}
"""Which vintage of a period stands at a step of its block's history; null: that of this run."""


@dataclass(frozen=True)
class History:
    """Earlier vintages, with `vintage` from 1.

    `places`: KEY, `block`, `step` (the number of the vintage) and `vintage` (the folder).
    `cells`: true cells as `int_pattern_cells`. `published`: the columns of a cell,
    disclosure_group. `changed` and `moved`: leaf cells, measure, before, after, people; who moved
    has `to_` columns and `altered`.
    """

    places: pl.DataFrame
    cells: pl.DataFrame
    published: pl.DataFrame
    changed: pl.DataFrame
    moved: pl.DataFrame

    @property
    def periods(self) -> pl.DataFrame:
        """Periods of the blocks that have earlier vintages."""
        return self.places.select(KEY).unique()

    @property
    def blocks(self) -> Iterator[History]:
        """The history of every block by itself."""
        for part in self.places.partition_by("block", maintain_order=True):
            yield self._only(part)

    def of(self, cells: pl.DataFrame) -> History | None:
        """Keep what concerns these cells; None if that is nothing."""
        blocks = self.places.join(cells.select(KEY).unique(), on=KEY, how="semi")
        if blocks.is_empty():
            return None
        return self._only(self.places.join(blocks.select("block"), on="block", how="semi"))

    def _only(self, places: pl.DataFrame) -> History:
        own = [
            getattr(self, name).join(places, on=KEY, how="semi")
            for name in ("cells", "published", "changed", "moved")
        ]
        return History(places, *own)


def history_of(
    settings: Settings, index: Index, periods: pl.DataFrame, cells: pl.DataFrame
) -> History | None:
    """Gather the earlier vintages of blocks that this run publishes something of.

    Args:
        settings: where vintages and warehouse are.
        index: what is published.
        periods: the states of this run.
        cells: the true cells of this run.

    Returns:
        None if no such block was ever revised, which is the ordinary case.

    Raises:
        VintageError: something kept is damaged.

    """
    places = _places(index, periods)
    if places.is_empty():
        return None
    verify(settings, index, [CONTRIBUTIONS])
    earlier = places.filter((pl.col("step") != NOW) & pl.col("vintage").is_not_null())
    rows = _with_step(kept(settings, "int_pattern_cells", earlier), earlier)
    unchanged = places.filter((pl.col("step") != NOW) & pl.col("vintage").is_null())
    rows = pl.concat(
        [rows, cells.join(unchanged.select(*KEY, vintage="step"), on=KEY)], how="diagonal_relaxed"
    )
    rows = pl.concat([rows, _years_never_out(rows, places)], how="diagonal_relaxed")
    pattern = _with_step(kept(settings, "pattern", earlier), earlier)
    published = pattern.filter(pl.col("status") == "published").select(
        *CELL, "disclosure_group", "vintage"
    )
    changed, moved = _who_changed(settings, index, places)
    return History(places, rows, published, changed, moved)


def _with_step(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Give kept rows the number of their vintage in the histories they stand in."""
    return (
        rows.join(places.select(*KEY, "vintage", "step"), on=[*KEY, "vintage"])
        .drop("vintage")
        .rename({"step": "vintage"})
    )


def _places(index: Index, periods: pl.DataFrame) -> pl.DataFrame:
    """Say which vintage of every period stands at each step of its block's history."""
    rows: list[dict[str, Any]] = []
    for number, block in enumerate(_blocks(periods)):
        rows += [{**row, "block": number} for row in _steps(index, block)]
    return pl.DataFrame(rows, schema=PLACED)


def _blocks(periods: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the periods of every block that this run publishes and that was ever revised."""
    released = periods.filter("is_released").with_columns(
        year=pl.when(pl.col("period_type") == "quarter").then(
            pl.col("period_start").dt.year().cast(pl.String)
        )
    )
    years = released.select("study", "organisation_code", block="period").unique()
    blocks = released.join(
        years,
        left_on=["study", "organisation_code", "year"],
        right_on=["study", "organisation_code", "block"],
        how="left",
        coalesce=False,
    ).with_columns(block=pl.coalesce("block", "period"))
    concerned = blocks.group_by("study", "organisation_code", "block").agg(
        new=pl.col("is_built").any(), revised=(pl.col("revision") > 0).any()
    )
    chosen = concerned.filter("new", "revised").drop("new", "revised")
    found = blocks.join(chosen, on=["study", "organisation_code", "block"], how="semi")
    yield from found.partition_by("study", "organisation_code", "block", maintain_order=True)


def _steps(index: Index, block: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Lay out the block before each revision (1 and up), and as it is now (0)."""
    entries = index.revisions_of(block)
    events: list[str | None] = sorted(
        set(entries.filter(pl.col("revision") > 0)["vintage"].to_list())
    )
    if block.filter(pl.col("is_built") & (pl.col("revision") > 0)).height:
        events.append(None)
    for row in block.select(*KEY, "period_type", "is_built").iter_rows(named=True):
        name = {column: row[column] for column in KEY}
        own = entries.filter(*(pl.col(column) == row[column] for column in KEY))
        vintages = own.filter(~pl.col("empty"))["vintage"].sort().to_list()
        is_sum = row["period_type"] == "year" and block.height > 1
        for step, event in enumerate(events, start=1):
            before = [one for one in vintages if event is None or one < event]
            if before:
                yield {**name, "step": step, "vintage": before[-1]}
            elif not is_sum:
                # published later, and as it was then
                yield {**name, "step": step, "vintage": vintages[0] if vintages else None}
        now = None if row["is_built"] else vintages[-1] if vintages else None
        yield {**name, "step": NOW, "vintage": now}


def _years_never_out(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Sum the quarters of vintages whose year was not published yet."""
    now = places.filter(pl.col("step") == NOW)
    steps = places.filter(pl.col("step") != NOW).select("block", step="step").unique()
    years = now.filter(pl.col("period").str.len_chars() == 4)  # noqa: PLR2004
    wanted = (
        years.select(*KEY, "block")
        .join(steps, on="block")
        .join(places.select(*KEY, "step"), on=[*KEY, "step"], how="anti")
    )
    if wanted.is_empty():
        return rows.clear()
    names = ["study", "organisation_code"]
    parts = rows.with_columns(year=pl.col("period").str.head(4)).join(
        wanted.select(*names, year="period", vintage="step"), on=[*names, "year", "vintage"]
    )
    by = [*names, "year", "channel", "product_code", "segment", "disclosure_group", "measure"]
    summed = parts.group_by(*by, "kind", "answer", "vintage").agg(
        *(pl.col(one).sum() for one in SUMS), pl.col("low").first(), pl.col("high").first()
    )
    return summed.rename({"year": "period"}).select(rows.columns)


LEAVES = """
create temp table counted as
with cells as (
    select distinct block, measure, {cell} from contributed
),
parents as (
    select cells.* replace (tree.parent as channel)
    from cells
    inner join tree on cells.study = tree.study and cells.channel = tree.child
    where tree.dimension = 'channel'
    union
    select cells.* replace (tree.parent as product_code)
    from cells
    inner join tree on cells.study = tree.study and cells.product_code = tree.child
    where tree.dimension = 'product_code'
    union
    select cells.* replace (tree.parent as segment)
    from cells
    inner join tree on cells.study = tree.study and cells.segment = tree.child
    where tree.dimension = 'segment'
),
leaves as (
    select * from cells
    anti join parents using (block, measure, {cell})
)
select
    block,
    measure,
    split_part(segment, '=', 1) as partition,
    respondent,
    position,
    {{{named}}} as leaf,
    content
from contributed
semi join leaves using (block, measure, {cell})
"""
"""In which leaf each respondent counts, by position in the history of the block."""

TOUCHED = """
create temp table touched as
with people as (
    select distinct block, measure, partition, respondent from counted
),
places as (
    select people.*, positions.position, counted.leaf, counted.content
    from people
    inner join positions using (block)
    left join counted using (block, measure, partition, respondent, position)
),
steps as (
    select
        *,
        lag(position) over one is not null
        and (leaf, content) is distinct from (lag(leaf) over one, lag(content) over one) as is_step
    from places
    window one as (partition by block, measure, partition, respondent order by position)
),
times as (
    select block, measure, partition, respondent, count(*) filter (where is_step) as times
    from steps
    group by all
)
select
    one.block,
    one.measure,
    one.leaf as leaf_before,
    other.leaf as leaf_after,
    one.content is distinct from other.content as altered,
    times.times > 1 as again,
    elsewhere.respondent is not null as is_elsewhere,
    one.position as before,
    other.position as after
from places as one
inner join places as other
    using (block, measure, partition, respondent)
inner join times using (block, measure, partition, respondent)
left join elsewhere using (measure, respondent)
where one.position < other.position
    and (one.leaf, one.content) is distinct from (other.leaf, other.content)
"""
"""Everybody who differs between two vintages, by leaf; `again`: in more than one revision."""

CHANGED = """
select {leaf}, measure, {pair}, count(*) as people
from (select *, coalesce(leaf_before, leaf_after) as leaf from touched)
where not again and not (is_elsewhere and (leaf_before is null or leaf_after is null))
    and (leaf_before is null or leaf_after is null or leaf_before = leaf_after)
group by all
"""
MOVED = """
with moves as (
    select
        *,
        coalesce(leaf_before, leaf_after) as leaf,
        leaf_before <> leaf_after as within
    from touched
    where again or leaf_before <> leaf_after
        or (is_elsewhere and (leaf_before is null or leaf_after is null))
)
select
    {leaf},
    measure,
    {pair},
    {to},
    again or (altered and coalesce(within, false)) as altered,
    count(*) as people
from moves
group by all
"""
OUTSIDE = "elsewhere"
"""The other end of a move out of the block; no value of a dimension."""


def _who_changed(
    settings: Settings, index: Index, places: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count who was added, removed or changed between any two vintages, and who moved.

    Only who is touched for the first and only time helps to reach a least number: who was touched
    by another revision too, or is counted in another block as well, is listed as moved.
    """
    several = places.group_by(*KEY, "block").agg(n=pl.col("vintage").fill_null("").n_unique())
    revised = places.join(several.filter(pl.col("n") > 1), on=[*KEY, "block"], how="semi")
    revised = revised.filter(
        pl.col("period").str.len_chars().max().over("block") == pl.col("period").str.len_chars()
    )
    last = places.group_by("block").agg(last=pl.col("step").max() + 1)
    placed = revised.join(last, on="block").with_columns(
        position=pl.when(pl.col("step") == NOW).then("last").otherwise("step")
    )
    with read_warehouse(settings) as warehouse:
        now = warehouse.sql(f"from intermediate.{CONTRIBUTIONS}").to_arrow_table()
        tree = warehouse.sql("from intermediate.int_hierarchies").to_arrow_table()
    fresh = placed.filter(pl.col("vintage").is_null())
    before = placed.filter(pl.col("vintage").is_not_null())
    with duckdb.connect() as engine:
        engine.register("tree", tree)
        engine.register("now_contributions", now)
        engine.register("fresh", fresh)
        engine.register("kept_contributions", kept(settings, CONTRIBUTIONS, before).to_arrow())
        engine.register("before", before)
        positions = places.join(last, on="block").select(
            "block",
            position=pl.when(pl.col("step") == NOW).then("last").otherwise("step"),
        )
        engine.register("positions", positions.unique())
        engine.register("last", last)
        columns = ", ".join(f"one.{name}" for name in (*CELL, "measure", "respondent", "content"))
        engine.execute(
            f"create temp table contributed as select {columns}, block, position "
            f"from now_contributions as one join fresh using ({', '.join(KEY)}) "
            f"union all select {columns}, block, position from kept_contributions as one "
            f"join before using ({', '.join(KEY)}, vintage)"
        )
        engine.register("elsewhere", _elsewhere(settings, index, revised, now))
        named = ", ".join(f"'{name}': {name}" for name in CELL)
        engine.execute(LEAVES.format(cell=", ".join(CELL), named=named))
        engine.execute(TOUCHED)
        leaf = ", ".join(f"leaf.{name} as {name}" for name in CELL)
        to = ", ".join(
            f"case when again and not coalesce(within, false) then leaf.{name} "
            f"else coalesce(case when within then leaf_after.{name} end, '{OUTSIDE}') end "
            f"as to_{name}"
            for name in DIMENSIONS
        )
        pair = (
            "before, (select case when after = last.last then 0 else after end from last "
            "where last.block = {table}.block) as after"
        )
        parts = {"leaf": leaf, "to": to}
        changed = engine.sql(CHANGED.format(pair=_pair(pair, "unnamed_subquery"), **parts)).pl()
        moved = engine.sql(MOVED.format(pair=_pair(pair, "moves"), **parts)).pl()
    return changed, moved


def _pair(text: str, table: str) -> str:
    return text.format(table=table)


def _elsewhere(settings: Settings, index: Index, revised: pl.DataFrame, now: pa.Table) -> pa.Table:
    """List who counts, or counted, in a period outside the revised ones as well."""
    others = index.entries.join(revised, on=KEY, how="anti")
    names = revised.select("study", "organisation_code").unique()
    near = others.join(names, on=["study", "organisation_code"], how="semi")
    rows = [
        frame.join(revised.select(KEY).unique(), on=KEY, how="anti").select("measure", "respondent")
        for frame in (pl.DataFrame(now), kept(settings, CONTRIBUTIONS, near))
        if frame.height
    ]
    empty = pl.DataFrame(schema={"measure": pl.String, "respondent": pl.Int64})
    return pl.concat([*rows, empty], how="vertical_relaxed").unique().to_arrow()
