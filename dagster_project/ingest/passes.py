"""One pass over the rows of a delivery: read, judge, write drafts, count.

A delivery with duplicates, or with too many bad rows, takes a second pass, because only the end of
the first one shows that. Belongs here: the loop over batches. Does not belong here: what is decided
after it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from dagster_project.codebook import ANY_ANSWER, fold, roles
from dagster_project.common.errors import UserError
from dagster_project.ingest.duplicates import NO_DUPLICATES, fingerprints
from dagster_project.ingest.lake import QUARANTINE, Drafts
from dagster_project.ingest.parse import parse
from dagster_project.ingest.plan import Kind, Plan
from dagster_project.ingest.pseudonym import NO_KEY
from dagster_project.ingest.quarantine import faults, in_words, quarantined, reason_counts
from dagster_project.ingest.reasons import Reason
from dagster_project.ingest.schema import RowContract
from dagster_project.ingest.several import joined, separated
from dagster_project.ingest.shape import Shape
from dagster_project.ingest.source import Batch, Source
from dagster_project.ingest.values import answers

REST = "the row itself is good, but too many others of its delivery are not"


@dataclass
class Tally:
    """What a pass has seen; `prints` are the fingerprints for finding duplicates.

    `rows_left_out` are those that do not count by the codebook, or are too old (`rows_too_old`).
    They are judged no further.
    """

    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_left_out: int = 0
    rows_too_old: int = 0
    emails: bool = False
    reasons: Counter[str] = field(default_factory=Counter)
    prints: list[pl.DataFrame] = field(default_factory=list)
    bad_rows: list[pl.Series] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        """Every row is either accepted or quarantined."""
        return self.rows_accepted + self.rows_quarantined

    @property
    def most(self) -> str:
        """The most frequent reasons of bad rows, as the end of a sentence; ties by their names."""
        own = [(-n, k) for k, n in self.reasons.items() if k != Reason.DELIVERY_REJECTED]
        named = ", ".join(f"{reason} {-count}" for count, reason in sorted(own)[:3])
        return f" ({named})" if named else ""

    def bad_with(self, others: pl.DataFrame) -> int:
        """Count the bad rows when those in `others` are bad too."""
        return pl.concat([*self.bad_rows, others["row"]]).n_unique()


@dataclass(frozen=True)
class Pass:
    """The parts that do the work for one delivery; rows dated before `before` are left out."""

    shape: Shape
    contract: RowContract
    drafts: Drafts
    file: str
    before: date | None = None

    @property
    def plan(self) -> Plan:
        """The rules of the delivery."""
        return self.shape.plan

    def run(
        self, source: Source, twice: pl.DataFrame = NO_DUPLICATES, *, all_rows: bool = False
    ) -> Tally:
        """Read all rows; those in `twice` are bad too, and with `all_rows` no row is accepted.

        Raises:
            DeliveryRejectedError: the file is damaged further on.
            UserError: there are e-mail addresses and no key for pseudonyms.

        """
        tally = Tally()
        columns = self.plan.headers
        if not all_rows:
            self.drafts.open(*self._rooms)
        for batch in source.batches(columns):
            counting = self._counting(batch.frame)
            tally.rows_left_out += batch.frame.height - counting.height
            rows = Batch(self._joined(counting), batch.malformed)
            self._take(rows, twice, tally, all_rows=all_rows)
        return tally

    def _joined(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add a column for each question of several answers that the file has otherwise."""
        for rule in self.plan.of_kind(Kind.MULTIPLE):
            if rule.answers:
                frame = frame.with_columns(joined(frame, rule.answers).alias(rule.header))
            elif rule.format:
                text = separated(frame[rule.header], rule.format)
                frame = frame.with_columns(text.alias(rule.header))
        return frame

    def _counting(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Leave out the rows that do not count: previews, tests, questionnaires not finished."""
        for header, texts in self.plan.included.items():
            distinct = frame[header].unique()
            counts = [text for text in distinct if fold(text or "") in texts]
            if ANY_ANSWER in texts:
                given = answers(distinct, self.plan.no_answers(header)).is_not_null()
                counts += distinct.filter(given).to_list()
            frame = frame.filter(pl.col(header).is_in(counts))
        return frame

    def _take(self, batch: Batch, twice: pl.DataFrame, tally: Tally, *, all_rows: bool) -> None:
        parsed = parse(batch.frame, self.plan)
        if self.before is not None:
            recent = self.shape.dated(parsed).filter(
                ~(pl.col("day") < self.before).fill_null(False)
            )
            too_old = parsed.height - recent.height
            if too_old:
                parsed = parsed.join(recent, on="row", how="semi", maintain_order="left")
                frame = batch.frame.join(recent, on="row", how="semi", maintain_order="left")
                batch = Batch(frame, batch.malformed)
            tally.rows_too_old += too_old
            tally.rows_left_out += too_old
        self._guard_addresses(parsed, tally)
        failures = self.contract.failures(parsed)
        found = [
            faults(batch.malformed.rename({"why": "says"}), Reason.MALFORMED_ROW),
            in_words(batch.frame, failures, self.plan),
            faults(parsed.select("row").join(twice, on="row"), Reason.DUPLICATE_IN_DELIVERY),
        ]
        bad = pl.concat(found)
        good = parsed.join(bad, on="row", how="anti", maintain_order="left")
        if all_rows:
            rest = good.select("row", says=pl.lit(REST))
            bad = pl.concat([bad, faults(rest, Reason.DELIVERY_REJECTED)])
            good = good.clear()
        else:
            self._write_accepted(good)
        if bad.height:
            lines = quarantined(batch.frame, bad, self.plan)
            places = self.shape.places(parsed, failures, lines["row"])
            self._write_quarantined(lines, places, tally)
        tally.rows_accepted += good.height
        tally.prints.append(fingerprints(parsed, self.plan))

    def _guard_addresses(self, parsed: pl.DataFrame, tally: Tally) -> None:
        for rule in self.plan.of_kind(Kind.EMAIL):
            if parsed[rule.field].is_not_null().any():
                tally.emails = True
                if self.shape.key is None:
                    raise UserError(NO_KEY.format(file=self.file))

    @property
    def _rooms(self) -> tuple[str, ...]:
        """Where accepted rows go; each has a file of every delivery, if need be an empty one."""
        if self.plan.feed.kind == roles.INVITATIONS:
            return ("invitations",)
        return ("responses", "restricted") if self.plan.has_texts else ("responses",)

    def _write_accepted(self, good: pl.DataFrame) -> None:
        made = {
            "invitations": self.shape.invitations,
            "responses": self.shape.responses,
            "restricted": self.shape.restricted,
        }
        for room in self._rooms:
            self.drafts.write(room, made[room](good))

    def _write_quarantined(self, lines: pl.DataFrame, places: pl.DataFrame, tally: Tally) -> None:
        tally.rows_quarantined += lines.height
        tally.reasons += reason_counts(lines)
        tally.bad_rows.append(lines["row"])
        feed, delivery = self.plan.feed.feed, self.shape.delivery
        frame = lines.join(places, on="row", how="left", maintain_order="left").with_columns(
            feed=pl.lit(feed), delivery=pl.lit(delivery)
        )
        self.drafts.write("quarantine", frame.select(QUARANTINE.names).to_arrow().cast(QUARANTINE))
