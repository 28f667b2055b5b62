"""Accepted rows in the form of the lake.

Belongs here: which parsed column fills which column of the lake. Does not belong here: judging.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.ingest.lake import ANSWER, INVITATIONS, RESPONSES, RESTRICTED
from dagster_project.ingest.plan import Kind, Plan, Rule
from dagster_project.ingest.pseudonym import pseudonyms

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """What all rows of a delivery share; `key` makes pseudonyms, None where none are needed."""

    plan: Plan
    delivery: str
    received_at: datetime
    key: bytes | None

    def responses(self, accepted: pl.DataFrame) -> pa.Table:
        """Rows of `RESPONSES`."""
        plan = self.plan
        day = self._column("contact_date", "date", pl.Date)
        frame = accepted.select(
            **self._identity(),
            **self._place(),
            contact_date=day,
            submitted_at=self._column("submitted_at", "at", pl.Datetime("us", "UTC")),
            wave=self._wave(day),
            invitation_id=self._column("invitation_id"),
            weight=self._column("weight", "number", pl.Float64).fill_null(1.0),
            response_id=self._column("response_id"),
            has_review=self._column("review").is_not_null(),
            has_tip=self._column("tip").is_not_null(),
        )
        columns = _arrays(frame, RESPONSES)
        columns["answers"] = answers(accepted, plan.questions)
        return pa.Table.from_pydict(columns, schema=RESPONSES)

    def invitations(self, accepted: pl.DataFrame) -> pa.Table:
        """Rows of `INVITATIONS`."""
        email = self.plan.rule("email")
        address = accepted[email.field] if email else None
        made = (
            pseudonyms(address, self.key)
            if address is not None and self.key
            else pl.Series([None] * accepted.height, dtype=pl.String)
        )
        moment = pl.Datetime("us", "UTC")
        frame = accepted.select(
            **self._identity(),
            **self._place(),
            invitation_id=self._column("invitation_id"),
            batch_id=self._column("batch_id"),
            method=self._column("method", "code"),
            sent_date=self._column("sent_at", "date", pl.Date),
            sent_at=self._column("sent_at", "at", moment),
            email_pseudonym=pl.lit(made),
            status=self._column("status", "code"),
            reminded_at=self._column("reminded_at", "at", moment),
        )
        return pa.Table.from_pydict(_arrays(frame, INVITATIONS), schema=INVITATIONS)

    def restricted(self, accepted: pl.DataFrame) -> pa.Table:
        """Rows of `RESTRICTED`: one per free text, by row and then by field."""
        parts = [
            accepted.filter(pl.col(rule.field).is_not_null()).select(
                feed=pl.lit(self.plan.feed.feed),
                delivery=pl.lit(self.delivery),
                row="row",
                organisation_code=self._place()["organisation_code"],
                response_id=self._column("response_id"),
                field=pl.lit(rule.field),
                text=pl.col(rule.field),
            )
            for rule in self.plan.of_kind(Kind.TEXT)
        ]
        if not parts:
            return RESTRICTED.empty_table()
        frame = pl.concat(parts).sort("row", maintain_order=True)
        return pa.Table.from_pydict(_arrays(frame, RESTRICTED), schema=RESTRICTED)

    def _identity(self) -> dict[str, pl.Expr]:
        feed = self.plan.feed
        return {
            "study": pl.lit(feed.study),
            "feed": pl.lit(feed.feed),
            "delivery": pl.lit(self.delivery),
            "row": pl.col("row"),
            "received_at": pl.lit(self.received_at).cast(pl.Datetime("us", "UTC")),
        }

    def _place(self) -> dict[str, pl.Expr]:
        feed = self.plan.feed
        return {
            "organisation_code": pl.lit(feed.organisation_code)
            if feed.organisation_code
            else self._column("organisation_code", "code"),
            "channel": pl.lit(feed.channel) if feed.channel else self._column("channel", "code"),
            "product_code": self._column("product_code", "code"),
        }

    def _wave(self, day: pl.Expr) -> pl.Expr:
        if self.plan.study.timing != "wave":
            return pl.lit(None, dtype=pl.String)
        if self.plan.feed.period_source == "constant":
            return pl.lit(self.plan.feed.period)
        return day.dt.year().cast(pl.String)

    def _column(
        self,
        field: str,
        helper: str | None = None,
        kind: pl.DataType | type[pl.DataType] = pl.String,
    ) -> pl.Expr:
        if self.plan.rule(field) is None:
            return pl.lit(None, dtype=kind)
        return pl.col(f"{field}:{helper}" if helper else field)


def answers(accepted: pl.DataFrame, questions: tuple[Rule, ...]) -> pa.ListArray:
    """One list per row with an entry for each question, unanswered ones included.

    A question with several answers has an entry for each code chosen. All entries are first laid
    out question by question and then taken in the order of the rows.
    """
    codes, numbers, names, places = [], [], [], []
    filled = np.zeros(accepted.height, dtype=np.int64)
    for which, rule in enumerate(questions):
        code, number, row = _entries(accepted, rule)
        codes.append(code)
        numbers.append(number)
        names.append(np.full(len(row), which, dtype=np.int32))
        places.append((row, filled[row] + _rank_within(row)))
        filled += np.bincount(row, minlength=accepted.height)
    offsets = np.concatenate([[0], np.cumsum(filled)]).astype(np.int32)
    order = np.empty(int(offsets[-1]), dtype=np.int64)
    if questions:
        order[np.concatenate([offsets[row] + rank for row, rank in places])] = np.arange(len(order))
    labels = pa.array([rule.field for rule in questions], pa.string())
    which_question = np.concatenate(names) if names else np.empty(0, dtype=np.int32)
    code_column = pl.concat(codes) if codes else pl.Series(dtype=pl.Categorical)
    number_column = pl.concat(numbers) if numbers else pl.Series(dtype=pl.Float64)
    entries = pa.StructArray.from_arrays(
        [
            labels.take(pa.array(which_question[order])),
            code_column.gather(order).cast(pl.String).to_arrow().cast(pa.string()),
            number_column.gather(order).to_arrow(),
        ],
        fields=list(ANSWER),
    )
    return pa.ListArray.from_arrays(pa.array(offsets), entries)


def _entries(accepted: pl.DataFrame, rule: Rule) -> tuple[pl.Series, pl.Series, Places]:
    """Code, number and position of the row, by row."""
    if rule.kind is not Kind.MULTIPLE:
        code = accepted[f"{rule.field}:code"].cast(pl.Categorical)
        return code, accepted[f"{rule.field}:number"], np.arange(accepted.height)
    chosen = accepted.select(code=f"{rule.field}:codes").with_row_index("at").explode("code")
    number = chosen["code"].replace_strict(
        list(rule.numbers), list(rule.numbers.values()), default=None, return_dtype=pl.Float64
    )
    return chosen["code"].cast(pl.Categorical), number, chosen["at"].to_numpy().astype(np.int64)


def _rank_within(row: Places) -> Places:
    """0, 1, ... within each run of the same row."""
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else row
    return np.arange(len(row)) - np.repeat(starts, np.diff(np.r_[starts, len(row)]))


def _arrays(frame: pl.DataFrame, schema: pa.Schema) -> dict[str, pa.Array]:
    names = [name for name in schema.names if name in frame.columns]
    table = frame.select(names).to_arrow()
    return {name: table.column(name).cast(schema.field(name).type) for name in names}
