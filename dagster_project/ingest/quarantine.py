"""Rows that are not accepted: every reason, in words, beside the masked row.

Belongs here: sentences and masking. Does not belong here: judging.
"""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import or_

import polars as pl

from dagster_project.codebook import SEPARATOR
from dagster_project.ingest.masking import (
    DAY,
    MASK,
    SHORT_NUMBER,
    SPREADSHEET_ERROR,
    looks_personal,
    open_name,
    shape,
)
from dagster_project.ingest.plan import PERSONAL, Kind, Plan, Rule
from dagster_project.ingest.reasons import Reason

QUOTED, MASKED = 40, 200
"""Longest value, in characters, that is quoted in a sentence and kept in the masked row."""
FAULTS = pl.Schema({"row": pl.Int64, "reason": pl.String, "detail": pl.String})


def in_words(frame: pl.DataFrame, failures: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """`row`, `reason` and `detail` of failures; `frame` has the raw texts of the same rows."""
    parts = []
    for (field, reason, says), group in failures.group_by(
        ["field", "reason", "says"], maintain_order=True
    ):
        rule = plan.rule(str(field))
        if rule is None:
            continue
        rows = frame[group["at"].to_numpy()]
        if reason == Reason.MISSING_REQUIRED or rule.kind in PERSONAL:
            detail = pl.lit(f"Column {open_name(rule.header, QUOTED * 2)} {says}.")
        else:
            name = open_name(rule.header, QUOTED * 2)
            start = pl.when(_is_open(rule)).then(pl.lit("")).otherwise(pl.lit(" a text like"))
            quoted = pl.concat_str(pl.lit(' "'), _shown(rule, QUOTED), pl.lit('" '))
            detail = pl.concat_str(pl.lit(f"Column {name}:"), start, quoted, pl.lit(f"{says}."))
        parts.append(rows.select("row", reason=pl.lit(str(reason)), detail=detail))
    return pl.concat(parts) if parts else pl.DataFrame(schema=FAULTS)


def faults(rows: pl.DataFrame, reason: Reason) -> pl.DataFrame:
    """Give all rows the same reason; `rows` has `row` and the sentence `says`."""
    return rows.select("row", reason=pl.lit(reason.value), detail=_sentence(pl.col("says")))


def quarantined(frame: pl.DataFrame, found: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One line per row with `row`, `reasons`, `details`, `masked_row`, by row.

    `found` has `row`, `reason`, `detail`; rows that are not in `frame` were malformed and have an
    empty masked row.
    """
    masked = masked_rows(frame.filter(pl.col("row").is_in(found["row"].unique().implode())), plan)
    return (
        found.sort("row", maintain_order=True)
        .group_by("row", maintain_order=True)
        .agg(reasons="reason", details="detail")
        .join(masked, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("masked_row").fill_null("{}"))
    )


def masked_rows(frame: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """`row` and `masked_row`: JSON of header to text for the columns the codebook knows."""
    fields = [
        (
            pl.when(pl.col(rule.header).str.strip_chars() != "").then(pl.lit(MASK))
            if rule.kind in PERSONAL
            else _shown(rule, MASKED)
        ).alias(rule.header.strip())
        for rule in plan.rules
    ]
    return frame.select("row", masked_row=pl.struct(fields).struct.json_encode())


def reason_counts(lines: pl.DataFrame) -> Counter[str]:
    """In how many rows each reason occurs, over a frame of `quarantined`."""
    reasons = lines.select(pl.col("reasons").list.unique().explode()).get_column("reasons")
    return Counter(dict(reasons.value_counts().iter_rows()))


def _is_open(rule: Rule) -> pl.Expr:
    """Whether the texts of a column may be seen, as an expression on its header."""
    text = pl.col(rule.header).str.strip_chars()
    folded = text.str.to_lowercase()
    if rule.kind is Kind.IDENTIFIER or (rule.kind is Kind.CODE and rule.codes is None):
        return ~looks_personal(text)
    known = pl.Series([*(rule.codes or ()), *rule.no_answer], dtype=pl.String).implode()
    fine = [
        text.str.contains(SHORT_NUMBER),
        folded.str.contains(DAY),
        text.str.contains(SPREADSHEET_ERROR),
        folded.is_in(known),
    ]
    if rule.kind is Kind.MULTIPLE:
        parts = folded.str.split(SEPARATOR)
        fine.append(parts.list.eval(pl.element().str.strip_chars().is_in(known)).list.all())
    if rule.kind is Kind.ORGANISATION:
        fine.append(folded.str.contains(r"^[a-z]{1,3}\d{1,4}$"))
    return reduce(or_, fine)


def _shown(rule: Rule, longest: int) -> pl.Expr:
    """Show the raw text, shortened, or the shape of it."""
    text = pl.col(rule.header)
    return pl.when(_is_open(rule)).then(text.str.slice(0, longest)).otherwise(shape(text))


def _sentence(says: pl.Expr) -> pl.Expr:
    return pl.concat_str(says.str.slice(0, 1).str.to_uppercase(), says.str.slice(1), pl.lit("."))
