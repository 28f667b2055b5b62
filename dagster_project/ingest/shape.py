"""Rows in the form of the lake.

Belongs here: which parsed column fills which column of the lake. Does not belong here: judging.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from dagster_project.codebook import roles
from dagster_project.ingest.lake import ENCODED_ANSWER, INVITATIONS, RESPONSES, RESTRICTED, encoded
from dagster_project.ingest.plan import Kind, Plan, Rule
from dagster_project.ingest.pseudonym import pseudonyms

Places = npt.NDArray[np.int64]
NO_CODES = pl.Series(dtype=pl.Categorical)
NO_NUMBERS = pl.Series(dtype=pl.Float64)


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
            weight=self._weight(),
            response_id=self._response_id(),
            has_review=self._column("review").is_not_null(),
            has_tip=self._column("tip").is_not_null(),
        )
        columns = _arrays(frame, RESPONSES)
        columns["answers"] = answers(accepted, plan.questions)
        return pa.Table.from_pydict(columns, schema=encoded(RESPONSES))

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
                response_id=self._response_id(),
                field=pl.lit(rule.field),
                text=pl.col(rule.field),
            )
            for rule in self.plan.of_kind(Kind.TEXT)
        ]
        if not parts:
            return RESTRICTED.empty_table()
        frame = pl.concat(parts).sort("row", maintain_order=True)
        return pa.Table.from_pydict(_arrays(frame, RESTRICTED), schema=RESTRICTED)

    def dated(self, parsed: pl.DataFrame) -> pl.DataFrame:
        """Give `row` and `day`: that of the contact or the sending, else the last of the wave.

        Null where the row does not say it.
        """
        day = self._column(self.plan.event, "date", pl.Date)
        last = pl.date(self._wave(day).cast(pl.Int32, strict=False), 12, 31)
        return parsed.select("row", day=pl.coalesce(day, last))

    def places(self, parsed: pl.DataFrame, failures: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
        """Say of rows in quarantine where they belong, as far as they tell it.

        Args:
            parsed: a batch, as `parse` gives it.
            failures: what is wrong in it; a value that broke a rule tells nothing.
            rows: the numbers of the rows; those that are not in the batch were malformed.

        Returns:
            `row`, `organisation_code`, `event_date`, `period` (2020Q4; the year in waves) and
            `id_fingerprint` (SHA-256 of the id, hex), each null where the row does not say.

        """
        plan = self.plan
        identifier = "invitation_id" if plan.feed.kind == roles.INVITATIONS else "response_id"
        known = _without_failures(
            parsed, failures, {"organisation_code", plan.event, "year", identifier}
        )
        wanted = rows.to_frame().join(known, on="row", how="left", maintain_order="left")
        day = self._column(plan.event, "date", pl.Date)
        quarter = pl.format("{}Q{}", day.dt.year(), day.dt.quarter())
        number = self._response_id() if identifier == "response_id" else self._column(identifier)
        return wanted.select(
            "row",
            organisation_code=self._place()["organisation_code"],
            event_date=day,
            period=self._wave(day) if plan.study.timing == "wave" else quarter,
            id_fingerprint=number,
        ).with_columns(pl.col("id_fingerprint").map_batches(_hashed, pl.String))

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
            "product_code": pl.lit(product)
            if (product := self.plan.constants.get("product_code"))
            else self._column("product_code", "code"),
        }

    def _weight(self) -> pl.Expr:
        if (constant := self.plan.constants.get("weight")) is not None:
            return pl.lit(float(constant))
        return self._column("weight", "number", pl.Float64).fill_null(1.0)

    def _wave(self, day: pl.Expr) -> pl.Expr:
        if self.plan.study.timing != "wave":
            return pl.lit(None, dtype=pl.String)
        if self.plan.feed.period_source == "constant":
            return pl.lit(self.plan.feed.period)
        if self.plan.numbered_by_year:
            return self._column("year", "wave")
        return day.dt.year().cast(pl.String)

    def _response_id(self) -> pl.Expr:
        number = self._column("response_id")
        if not self.plan.numbered_by_year:
            return number
        return pl.concat_str(self._column("year", "wave"), number, separator="-")

    def _column(
        self,
        field: str,
        helper: str | None = None,
        kind: pl.DataType | type[pl.DataType] = pl.String,
    ) -> pl.Expr:
        if self.plan.rule(field) is None:
            return pl.lit(None, dtype=kind)
        return pl.col(f"{field}:{helper}" if helper else field)


def _without_failures(
    parsed: pl.DataFrame, failures: pl.DataFrame, fields: set[str]
) -> pl.DataFrame:
    """Give `row` and the columns of these fields, null where the field broke a rule."""
    at = pl.int_range(pl.len())
    columns = []
    for name in parsed.columns:
        field = name.split(":")[0]
        if field in fields:
            broken = failures.filter(pl.col("field") == field)["at"].unique().implode()
            columns.append(pl.when(~at.is_in(broken)).then(pl.col(name)).alias(name))
    return parsed.select("row", *columns)


def _hashed(texts: pl.Series) -> pl.Series:
    hashes = [None if text is None else sha256(text.encode()).hexdigest() for text in texts]
    return pl.Series(texts.name, hashes, dtype=pl.String)


def answers(accepted: pl.DataFrame, questions: tuple[Rule, ...]) -> pa.ListArray:
    """One list per row with an entry for each question, unanswered ones included.

    A question with several answers has an entry for each code chosen. All entries are first laid
    out question by question and then taken in the order of the rows.
    """
    parts = [_entries(accepted, rule) for rule in questions]
    filled = np.zeros(accepted.height, dtype=np.int64)
    ranks = []
    for part in parts:
        ranks.append(filled[part.row] + part.rank)
        filled += np.bincount(part.row, minlength=accepted.height)
    offsets = np.concatenate([[0], np.cumsum(filled)])
    order = np.empty(int(offsets[-1]), dtype=np.int64)
    start = 0
    for part, rank in zip(parts, ranks, strict=True):
        order[offsets[part.row] + rank] = np.arange(start, start + len(rank))
        start += len(rank)
    sizes = [len(part.row) for part in parts]
    which = np.repeat(np.arange(len(parts), dtype=np.int32), sizes)[order]
    code = pl.concat([NO_CODES, *[part.code for part in parts]]).gather(order)
    number = pl.concat([NO_NUMBERS, *[part.number for part in parts]]).gather(order)
    labels = pa.array([rule.field for rule in questions], pa.string())
    entries = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(which), labels),
            _dictionary(code),
            number.to_arrow(),
        ],
        fields=list(ENCODED_ANSWER),
    )
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), entries)


@dataclass(frozen=True)
class _Entries:
    """The answers to one question: position of the row, rank among its answers in that row."""

    code: pl.Series
    number: pl.Series
    row: Places
    rank: Places


def _entries(accepted: pl.DataFrame, rule: Rule) -> _Entries:
    if rule.kind is not Kind.MULTIPLE:
        code, number = accepted[f"{rule.field}:code"], accepted[f"{rule.field}:number"]
        row = np.arange(accepted.height)
        return _Entries(code.cast(pl.Categorical), number, row, np.zeros_like(row))
    chosen = accepted.select(code=f"{rule.field}:codes").with_row_index("at").explode("code")
    number = chosen["code"].replace_strict(
        list(rule.numbers), list(rule.numbers.values()), default=None, return_dtype=pl.Float64
    )
    row = chosen["at"].to_numpy().astype(np.int64)
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    return _Entries(chosen["code"].cast(pl.Categorical), number, row, rank)


def _dictionary(code: pl.Series) -> pa.DictionaryArray:
    """Codes as Arrow's dictionary type, in an order that depends on these rows alone."""
    distinct = code.unique().cast(pl.String).drop_nulls().sort()
    local = code.cast(pl.Enum(distinct))
    keys = local.to_physical().cast(pl.Int32).to_arrow()
    return pa.DictionaryArray.from_arrays(keys, distinct.to_arrow().cast(pa.string()))


def _arrays(frame: pl.DataFrame, schema: pa.Schema) -> dict[str, pa.Array]:
    names = [name for name in schema.names if name in frame.columns]
    table = frame.select(names).to_arrow()
    return {name: table.column(name).cast(schema.field(name).type) for name in names}
