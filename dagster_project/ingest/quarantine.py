"""Rows that are not accepted: every reason, in words, beside the masked row.

Belongs here: sentences and masking. Does not belong here: judging.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

from dagster_project.ingest.plan import PERSONAL, Plan, Rule
from dagster_project.ingest.reasons import Reason

MASK = "***"
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
            detail = pl.lit(f"Column {rule.header.strip()} {says}.")
        else:
            quoted = pl.concat_str(pl.lit(' "'), _shown(rule, QUOTED), pl.lit('" '))
            start, end = pl.lit(f"Column {rule.header.strip()}:"), pl.lit(f"{says}.")
            detail = pl.concat_str(start, quoted, end)
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


def _shown(rule: Rule, longest: int) -> pl.Expr:
    """Show the raw text, shortened; nothing of a text that looks like an e-mail address."""
    text = pl.col(rule.header)
    hidden = text.str.contains("@", literal=True)
    return pl.when(hidden).then(pl.lit(MASK)).otherwise(text.str.slice(0, longest))


def _sentence(says: pl.Expr) -> pl.Expr:
    return pl.concat_str(says.str.slice(0, 1).str.to_uppercase(), says.str.slice(1), pl.lit("."))
