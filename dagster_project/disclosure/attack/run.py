"""The attack on a whole release: blocks in parallel, one table of intervals.

Belongs here: input, workers, the result as a table. Does not belong here: the attack on a block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import polars as pl
import pyarrow as pa

from dagster_project.disclosure.attack.blocks import Block, cut
from dagster_project.disclosure.attack.catalogue import Catalogue
from dagster_project.disclosure.attack.figures import figures, of_their_time
from dagster_project.disclosure.attack.names import ASSUMPTIONS, BASE, DIMENSIONS, FIGURES
from dagster_project.disclosure.attack.onslaught import Outcome, attack_block

Progress = Callable[[str], None]

COLUMNS = {
    "study": pl.String,
    **dict.fromkeys(("organisation_code", "period", "channel", "product_code"), pl.String),
    "segment": pl.String,
    "segment_value": pl.String,
    "measure": pl.String,
    "answer": pl.String,
    "figure": pl.String,
    "release": pl.Int32,
    "assumption": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "exact": pl.Boolean,
    "complete": pl.Boolean,
    "floor": pl.Float64,
    "equation": pl.String,
}


@dataclass(frozen=True)
class Intervals:
    """What an attacker can work out; internal.

    `table` has one row per hidden figure, release and assumption: the columns of a cell, `measure`,
    `answer` (of a distribution), `figure` (`n`, `total`, `mean`; `change_n` and `change_total` are
    the release under attack minus an earlier one), `release` (0 is the one under attack, -1 the
    newest of the ledger, and so on), `assumption`, `low` and `high` (may be infinite), `exact`,
    `complete` (the bounds are the attacker's best; otherwise his interval is at least that wide),
    `floor` (the fewest respondents that the mere existence of rows shows) and `equation`, how it
    follows where it is exact.
    `contradictions` names what in the figures could not be true at once, as (block, measure);
    `undecided` counts programs in whole numbers that took too long.
    """

    table: pa.Table
    programs: int
    seconds: float
    contradictions: tuple[tuple[str, str], ...]
    undecided: int


def silent(message: str) -> None:
    """Report to nobody."""
    del message


def attack(
    released: Mapping[str, pa.Table],
    ledger: Sequence[Mapping[str, pa.Table]],
    hierarchies: pa.Table,
    scales: pa.Table,
    *,
    targets: pa.Table | None = None,
    vintage: pa.Table | None = None,
    shrunk: pa.Table | None = None,
    workers: int = 1,
    explain: bool = True,
    progress: Progress = silent,
) -> Intervals:
    """Bound every hidden figure of a release by what is published in it and in all earlier ones.

    Of the published tables it reads these columns, and no others. Those of the key and `status` are
    text and must be there; the others are numbers, and one that is not there is unknown:

    - `mart_kpi`: study, organisation_code, period, channel, product_code, segment, segment_value,
      metric, status; n, n_weighted (else n), value, margin;
    - `mart_distribution`: the same key and status, and answer; n, share;
    - `mart_response`: study, organisation_code, period, channel, product_code, status; invited,
      responses, responses_invited, required_sample;
    - `mart_response_funnel`: study, organisation_code, period, method, status; responses_invited.

    A row whose status is not `published` is hidden. In the first two tables it says that its cell
    has respondents; the other two also have rows where people were only invited.

    Args:
        released: these tables of the release by name.
        ledger: the same of every earlier release, oldest first.
        hierarchies: how cells add up: study, dimension, partition, parent, child (text), as
            `protect` takes them.
        scales: study, metric, kind (`mean`, `net`, `share` or `distribution`), low, high: what
            scores each metric of `mart_kpi` can have.
        targets: the figures whose bounds are wanted: the columns of a cell, measure, figure,
            release, low and high; a bound is searched for until the interval reaches down to `low`
            and up to `high` (for a mean, either), or is proven (null: always). All other figures
            are searched until it is certain that they are not exact. None: everything is proven.
        vintage: which figures are as they were at their release, which an attacker would have to
            guess: the columns of a cell, measure, release (0 and below) and current (see
            `of_their_time`). None: he guesses.
        shrunk: where answers left or changed between releases, or are counted in another cell than
            their respondents, so that he does not mislead himself by taking them for added, or for
            part of the respondents: the columns of a cell and measure. None: nowhere.
        workers: processes.
        explain: whether exact figures get an equation.
        progress: told how far the attack is.

    Raises:
        ValueError: a metric has no scale, or a published row no figure.

    """
    begun = time.perf_counter()
    known = pl.DataFrame(scales)
    frames = [figures(tables, known) for tables in (released, *reversed(ledger))]
    if vintage is not None:
        dated = pl.DataFrame(vintage)
        frames = [of_their_time(frame, dated, back) for back, frame in enumerate(frames)]
    wanted = None if targets is None else pl.DataFrame(targets)
    catalogue, count, blocks = cut(
        frames,
        pl.DataFrame(hierarchies),
        known,
        wanted,
        None if shrunk is None else pl.DataFrame(shrunk),
    )
    parts, contradictions = [], []
    programs = undecided = 0
    for done, (study, outcome) in enumerate(_each(blocks, catalogue, workers, explain), start=1):
        parts.append(_decoded(study, outcome, catalogue))
        label = f"{study} {parts[-1]['organisation_code'][0]}" if parts[-1].height else study
        contradictions += [(label, measure) for measure in outcome.contradictions]
        programs += outcome.programs
        undecided += outcome.undecided
        if done % max(1, count // 20) == 0:
            progress(f"attack: {done} of {count} blocks")
    table = pl.concat(parts) if parts else pl.DataFrame(schema=COLUMNS)
    seconds = time.perf_counter() - begun
    return Intervals(table.to_arrow(), programs, seconds, tuple(contradictions), undecided)


def _each(
    blocks: Iterator[Block], catalogue: Catalogue, workers: int, explain: bool
) -> Iterator[tuple[str, Outcome]]:
    """Attack the blocks, a few at a time in each process, in their order."""
    if workers == 1:
        for block in blocks:
            yield block.study, attack_block(block, catalogue, explain=explain)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_prepare, initargs=(catalogue, explain)
    ) as pool:
        waiting: list[tuple[str, Future[Outcome]]] = []
        for block in blocks:
            waiting.append((block.study, pool.submit(_attack_prepared, block)))
            if len(waiting) > 8 * workers:
                wait([waiting[0][1]], return_when=FIRST_COMPLETED)
                study, future = waiting.pop(0)
                yield study, future.result()
        for study, future in waiting:
            yield study, future.result()


_PREPARED: list[tuple[Catalogue, bool]] = []


def _prepare(catalogue: Catalogue, explain: bool) -> None:
    _PREPARED.append((catalogue, explain))


def _attack_prepared(block: Block) -> Outcome:
    catalogue, explain = _PREPARED[-1]
    return attack_block(block, catalogue, explain=explain)


def _decoded(study: str, outcome: Outcome, catalogue: Catalogue) -> pl.DataFrame:
    columns = outcome.columns.joined()
    if not columns:
        return pl.DataFrame(schema=COLUMNS)
    digits = catalogue.digits(columns["key"])
    values = {
        dimension: pl.Series(labels, dtype=pl.String).gather(place)
        for dimension, labels, place in zip(DIMENSIONS, catalogue.labels, digits, strict=True)
    }
    names = [measure.name for measure in catalogue.measures]
    answers = np.full(len(columns["key"]), None, dtype=object)
    for row in np.flatnonzero(columns["answer"] >= 0):
        measure = catalogue.measures[columns["measure"][row]]
        answers[row] = measure.answers[columns["answer"][row]]
    texts = [outcome.columns.texts.get(row) for row in range(len(answers))]
    return pl.DataFrame(
        {
            **values,
            "study": study,
            "measure": [names[m] if m >= 0 else BASE for m in columns["measure"].tolist()],
            "answer": answers.tolist(),
            "figure": [FIGURES[f] for f in columns["figure"].tolist()],
            "release": columns["release"],
            "assumption": [ASSUMPTIONS[a] for a in columns["assumption"].tolist()],
            "low": columns["low"],
            "high": columns["high"],
            "exact": columns["exact"],
            "complete": columns["complete"],
            "floor": columns["floor"],
            "equation": texts,
        },
        schema_overrides={"answer": pl.String, "equation": pl.String},
    ).select(
        "study",
        "organisation_code",
        "period",
        "channel",
        "product_code",
        pl.col("segment").str.splitn("=", 2).struct[0].alias("segment"),
        pl.col("segment").str.splitn("=", 2).struct[1].fill_null("all").alias("segment_value"),
        *(pl.col(name).cast(COLUMNS[name]) for name in list(COLUMNS)[7:]),
    )
