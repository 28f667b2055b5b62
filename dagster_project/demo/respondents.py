"""Made-up respondents that count, and who of them was invited.

Belongs here: who they are, when they came, what they said. Does not belong here: deliveries and
what is wrong with them.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from dagster_project.demo.answers import Floats, Texts, draw, exactly, portion
from dagster_project.demo.draws import (
    DAY,
    LATEST_DAYS,
    SECOND,
    Columns,
    Flags,
    generator,
    numbered,
    pick,
    quarter_of,
    working_days,
)
from dagster_project.demo.invited import invitation_ids, invite
from dagster_project.demo.shapes import Block, Exact, Question
from dagster_project.demo.tables import DemoTables

SECTION_SKIPPED = 0.03
SECTION_MISSING = 0.75


def respondents(tables: DemoTables, block: Block) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Respondents of one block, and everybody invited, those who kept silent too.

    Returns:
        Two frames of text with `year`, `quarter` and a column per canonical field; moments are ISO
        local times, answers as written. The second is empty where nobody was invited.

    """
    rng = generator(tables, block.feed, block.organisation, block.year)
    columns = _contacts(tables, block, rng)
    columns["product_code"], lean = _products(tables, block, rng)
    factor = rng.standard_normal(block.responses) + lean
    if block.responses > 1:
        factor = (factor - factor.mean()) / factor.std()
    columns |= _answers(tables, block, columns["product_code"], factor, rng)
    columns |= _texts(tables, block, rng)
    invited = invite(tables, block, columns, rng)
    contact, submitted = columns["contact_date"], columns["submitted_at"]
    columns["contact_date"] = np.datetime_as_string(contact, unit="D")
    columns["submitted_at"] = np.datetime_as_string(submitted, unit="s")
    return frame(block, columns), frame(block, invited)


def frame(block: Block, columns: Columns) -> pl.DataFrame:
    """Make a frame of text; `quarter` and `year` stay numbers."""
    return pl.DataFrame(
        {
            "year": pl.Series([block.year] * len(columns["quarter"]), dtype=pl.Int64),
            "quarter": pl.Series(columns["quarter"], dtype=pl.Int64),
            "organisation_code": pl.Series(
                [block.organisation] * len(columns["quarter"]), dtype=pl.String
            ),
            **{
                name: pl.Series(np.asarray(values).tolist(), dtype=pl.String)
                for name, values in columns.items()
                if name != "quarter"
            },
        }
    )


def _contacts(tables: DemoTables, block: Block, rng: Generator) -> Columns:
    quarter, days = _days(tables, block, rng)
    invited = rng.random(block.responses) < float(tables.demo_feeds[block.feed]["invited_share"])
    lag = rng.integers(0, LATEST_DAYS, block.responses) + invited
    seconds = rng.integers(19 * 3600, 22 * 3600, block.responses)
    numbers = np.arange(1, block.responses + 1)
    order = tables.number_of(block.feed)
    return {
        "quarter": quarter,
        "response_id": numbered(f"{block.year}-", numbers),
        "contact_date": days,
        "submitted_at": (days + lag * DAY).astype("datetime64[s]") + seconds * SECOND,
        "invitation_id": np.where(invited, invitation_ids(block, order, numbers), ""),
    }


def _days(
    tables: DemoTables, block: Block, rng: Generator
) -> tuple[NDArray[np.int64], NDArray[np.datetime64]]:
    """Return the quarter in which each is delivered, and the day of each contact."""
    window = tables.window(block)
    if window:
        quarter = np.full(block.responses, quarter_of(window[1]))
        return quarter, working_days(*window, block.responses, rng)
    weights = [float(w) for w in tables.demo_feeds[block.feed]["quarter_weights"].split("|")]
    quarter = np.repeat(np.arange(1, 5), portion(block.responses, weights))
    days = np.empty(block.responses, dtype="datetime64[D]")
    for number in range(1, 5):
        first = np.datetime64(f"{block.year}-{number * 3 - 2:02}", "M")
        here = quarter == number
        after = (first + 3).astype("datetime64[D]")
        days[here] = working_days(first, after - DAY, int(here.sum()), rng)
    return quarter, days


def _products(tables: DemoTables, block: Block, rng: Generator) -> tuple[Texts, Floats]:
    """Return the product of each, and how far its customers are above the rest."""
    rows = [row for row in tables.rows("products") if row["feed"] == block.feed]
    if block.samples:
        counts = [sample.responses for sample in block.samples]
        codes = rng.permutation(np.repeat([s.product for s in block.samples], counts))
        leans = {row["product_code"]: float(row["lean"]) for row in rows}
        return codes, np.array([leans.get(code, 0.0) for code in codes.tolist()])
    which = pick(rows, "share", block.responses, rng)
    codes = np.array([row["product_code"] for row in rows])[which]
    return codes, np.array([float(row["lean"]) for row in rows])[which]


def _answers(
    tables: DemoTables, block: Block, products: Texts, factor: Floats, rng: Generator
) -> Columns:
    nothing = tables.choices(block.feed, "no_answer")
    raws = np.array([row["raw"] for row in nothing], dtype="<U32")
    skipped = {
        question.section: rng.random(factor.size) < SECTION_SKIPPED
        for question in tables.questions[block.feed]
        if question.section
    }
    columns: Columns = {}
    orders = _orders(tables, block, rng)
    for question in tables.questions[block.feed]:
        exact = tables.exact(block, question)
        answered = ~_missing(question, skipped, factor.size, rng)
        values = raws[pick(nothing, "weight", factor.size, rng)]
        if exact:
            for part in exact:
                able = _able(part, products, columns, orders[""])
                who = _who(part, question.section, able, orders, rng)
                values[who] = exactly(question, factor[who], part.counts, rng)
        else:
            target = tables.target(block, question)
            values[answered] = draw(question, factor[answered], target, rng)
        columns[question.name] = values
    return columns


def _orders(tables: DemoTables, block: Block, rng: Generator) -> dict[str, NDArray[np.int64]]:
    """All respondents in order of how willing they are to answer: at all, and in each section."""
    questions = tables.questions[block.feed]
    if not any(tables.exact(block, question) for question in questions):
        return {}
    names = dict.fromkeys(["", *(question.section for question in questions)])
    return {name: rng.permutation(block.responses) for name in names}


def _able(
    exact: Exact, products: Texts, columns: Columns, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return those who may answer, the most willing first."""
    if exact.product:
        order = order[products[order] == exact.product]
    for name, answer in exact.where.items():
        order = order[columns[name][order] == answer]
    return order[: exact.among]


def _who(
    exact: Exact,
    section: str,
    able: NDArray[np.int64],
    orders: dict[str, NDArray[np.int64]],
    rng: Generator,
) -> NDArray[np.int64]:
    """Draw those who answer; who answers one question of a section answers the others first."""
    order = orders[section][np.isin(orders[section], able)] if section else rng.permutation(able)
    return order[: sum(exact.counts.values())]


def _missing(question: Question, skipped: dict[str, Flags], size: int, rng: Generator) -> Flags:
    chance = np.full(size, question.missing)
    if question.section:
        chance[skipped[question.section]] = SECTION_MISSING
    return rng.random(size) < chance


def _texts(tables: DemoTables, block: Block, rng: Generator) -> Columns:
    fillers = tables.choices(block.feed, "no_text")
    columns: Columns = {}
    known = tables.headers_of(block.feed)
    for role, count in block.texts.items():
        if role not in known:
            continue
        pool = [
            r["text"] for r in tables.rows("texts") if (r["feed"], r["role"]) == (block.feed, role)
        ]
        raws = np.array([row["raw"] for row in fillers], dtype=object)
        values = raws[pick(fillers, "weight", block.responses, rng)]
        writers = rng.permutation(block.responses)[:count]
        values[writers] = np.array(pool, dtype=object)[rng.integers(0, len(pool), count)]
        columns[role] = values
    return columns
